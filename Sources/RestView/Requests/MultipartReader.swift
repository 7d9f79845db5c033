// Bodies of multipart/form-data (RFC 7578): text members and files, within limits.
import Core
import Foundation
import Ports

struct MultipartReader {
  static let partLimit = 100
  /// Bytes of one part's headers.
  static let headLimit = 8 << 10
  static let nameLimit = 255

  private(set) var texts: [(name: String, value: String)] = []
  private(set) var files: [UploadedFile] = []

  /// - Parameter type: the Content-Type of the request, which names the boundary.
  init(_ body: [UInt8], type: String) throws {
    guard let boundary = Self.parameter("boundary", of: type), !boundary.isEmpty, boundary.utf8.count <= 70 else {
      throw Self.fault("The Content-Type names no boundary.")
    }
    let mark = Array("--\(boundary)".utf8)
    guard var at = Self.find(mark, in: body, from: 0), at == 0 || Self.hasBreak(body, before: at) else {
      throw Self.fault("The body does not begin with its boundary.")
    }
    let separator = Array("\r\n".utf8) + mark
    while true {
      at += mark.count
      if body[at...].starts(with: Array("--".utf8)) { return }
      guard body[at...].starts(with: [13, 10]) else { throw Self.fault("A boundary is not followed by a line's end.") }
      guard let end = Self.find(separator, in: body, from: at) else { throw Self.fault("The last boundary is missing.") }
      guard texts.count + files.count < Self.partLimit else { throw Self.fault("There are more than \(Self.partLimit) parts.") }
      try part(body, at + 2, end)
      at = end + 2
    }
  }

  private mutating func part(_ body: [UInt8], _ start: Int, _ end: Int) throws {
    let blank = Array("\r\n\r\n".utf8)
    guard let head = Self.find(blank, in: body, from: start), head <= end, head - start <= Self.headLimit,
      let text = String(validating: body[start..<head], as: UTF8.self)
    else { throw Self.fault("The headers of a part cannot be read.") }
    var disposition = ""
    var type = "text/plain"
    for line in text.components(separatedBy: "\r\n") {
      let (name, value) = Self.header(line)
      if name == "content-disposition" { disposition = value }
      if name == "content-type" { type = value }
    }
    guard let name = Self.parameter("name", of: disposition), !name.isEmpty, name.utf8.count <= Self.nameLimit else {
      throw Self.fault("A part has no name.")
    }
    let content = Array(body[min(head + 4, end)..<end])
    if let fileName = Self.parameter("filename", of: disposition) {
      guard fileName.utf8.count <= Self.nameLimit else { throw Self.fault("The name of a file is too long.") }
      files.append(UploadedFile(name: name, fileName: fileName, type: type, bytes: content))
    } else {
      guard let value = String(validating: content, as: UTF8.self) else { throw Self.fault("The part \"\(name)\" is no UTF-8.") }
      texts.append((name, value))
    }
  }

  private static func header(_ line: String) -> (name: String, value: String) {
    guard let colon = line.firstIndex(of: ":") else { return ("", "") }
    return (line[..<colon].lowercased(), line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces))
  }

  /// The value of `name=…` among a header's parameters, quoted or not.
  static func parameter(_ wanted: String, of header: String) -> String? {
    var rest = header.drop { $0 != ";" }.dropFirst()
    while !rest.isEmpty {
      let name = rest.prefix { $0 != "=" && $0 != ";" }.trimmingCharacters(in: .whitespaces).lowercased()
      rest = rest.drop { $0 != "=" && $0 != ";" }
      guard rest.first == "=" else {
        rest = rest.dropFirst()
        continue
      }
      rest = rest.dropFirst()
      var value = ""
      if rest.first == "\"" {
        rest = rest.dropFirst()
        while let next = rest.first, next != "\"" {
          rest = rest.dropFirst()
          if next == "\\", let escaped = rest.first, escaped == "\"" || escaped == "\\" {
            value.append(escaped)
            rest = rest.dropFirst()
          } else {
            value.append(next)
          }
        }
        rest = rest.drop { $0 != ";" }
      } else {
        value = rest.prefix { $0 != ";" }.trimmingCharacters(in: .whitespaces)
        rest = rest.drop { $0 != ";" }
      }
      if name == wanted { return value }
      rest = rest.dropFirst()
    }
    return nil
  }

  private static func hasBreak(_ body: [UInt8], before at: Int) -> Bool { at >= 2 && body[at - 2] == 13 && body[at - 1] == 10 }

  private static func find(_ wanted: [UInt8], in body: [UInt8], from start: Int) -> Int? {
    guard let first = wanted.first else { return nil }
    return body.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress else { return nil }
      var at = start
      while at + wanted.count <= bytes.count, let hit = memchr(base + at, Int32(first), bytes.count - wanted.count - at + 1) {
        at = UnsafeRawPointer(hit) - base
        if memcmp(hit, wanted, wanted.count) == 0 { return at }
        at += 1
      }
      return nil
    }
  }

  private static func fault(_ message: String) -> Problem {
    Problem(.invalid, code: ProblemCode.badJSON, "The multipart body cannot be read. \(message)")
  }
}
