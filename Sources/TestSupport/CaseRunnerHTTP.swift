// A small blocking HTTP/1.1 client over a socket, written apart from the server so that the cases check real bytes.
import Core
import Foundation

public struct CaseRequest: Sendable {
  public var method: String
  /// Path with query.
  public var target: String
  public var headers: [(String, String)]
  public var body: [UInt8]
  /// For streams, which do not end: what is read until this text came.
  public var until: String?
  public init(_ method: String, _ target: String, headers: [(String, String)] = [], body: [UInt8] = []) {
    self.method = method
    self.target = target
    self.headers = headers
    self.body = body
  }

  /// As a person would write it down, the credential left out.
  public var description: String {
    let lines = headers.map { "  \($0): \($0.lowercased() == "authorization" ? "…" : $1)" }
    return (["\(method) \(target)"] + lines + (body.isEmpty ? [] : ["  " + String(decoding: body, as: UTF8.self)])).joined(
      separator: "\n")
  }
}

public struct CaseResponse: Sendable {
  public var status: Int
  public var headers: [(String, String)]
  public var body: [UInt8]

  public func header(_ name: String) -> String? { headers.first { $0.0.lowercased() == name.lowercased() }?.1 }
  public var text: String { String(decoding: body, as: UTF8.self) }
  /// The body as JSON; null when it is none.
  public var json: Value { (try? JSON.parse(body)) ?? .null }

  public var description: String {
    (["\(status)"] + headers.map { "  \($0): \($1)" } + ["  " + text.prefix(4000)]).joined(separator: "\n")
  }
}

public struct CaseHTTP: Sendable {
  public let port: Int
  /// Longest wait for one read.
  static let readSeconds = 30
  static let mostBytes = 16 << 20

  public init(port: Int) { self.port = port }

  /// One request on a connection of its own. Throws Problem when no whole answer comes.
  public func send(_ request: CaseRequest) throws -> CaseResponse {
    let socket = try CaseSocket.connect(port: port, readSeconds: Self.readSeconds)
    defer { socket.close() }
    var head = "\(request.method) \(request.target) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nConnection: close\r\n"
    for (name, value) in request.headers { head += "\(name): \(value)\r\n" }
    if !request.body.isEmpty || ["POST", "PUT", "PATCH"].contains(request.method) {
      head += "Content-Length: \(request.body.count)\r\n"
    }
    try socket.write(Array((head + "\r\n").utf8) + request.body)
    var bytes: [UInt8] = []
    while bytes.count < Self.mostBytes, let more = try socket.read() {
      bytes += more
      if let until = request.until, String(decoding: bytes, as: UTF8.self).contains(until) { break }
    }
    return try Self.parse(bytes, isCut: request.until != nil)
  }

  /// - Parameter isCut: the end of a stream was not waited for.
  static func parse(_ bytes: [UInt8], isCut: Bool = false) throws -> CaseResponse {
    guard let end = firstBlankLine(bytes) else { throw broken("no end of the header", bytes) }
    var lines = String(decoding: bytes[..<end], as: UTF8.self).components(separatedBy: "\r\n")
    let first = lines.removeFirst().split(separator: " ", maxSplits: 2)
    guard first.count >= 2, first[0] == "HTTP/1.1", let status = Int(first[1]) else { throw broken("no status line", bytes) }
    let headers = lines.filter { !$0.isEmpty }.map { line -> (String, String) in
      let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      return (String(parts[0]), parts.count > 1 ? parts[1].trimmingCharacters(in: .whitespaces) : "")
    }
    var response = CaseResponse(status: status, headers: headers, body: Array(bytes[(end + 4)...]))
    if status == 100 { return try parse(response.body, isCut: isCut) }
    if response.header("Transfer-Encoding")?.lowercased() == "chunked" {
      response.body = try dechunk(response.body, isCut: isCut)
    } else if let length = response.header("Content-Length").flatMap({ Int($0) }), response.body.count != length {
      throw broken("\(response.body.count) bytes of body where Content-Length says \(length)", bytes)
    }
    return response
  }

  private static func dechunk(_ bytes: [UInt8], isCut: Bool) throws -> [UInt8] {
    var body: [UInt8] = []
    var at = 0
    while let lineEnd = bytes[at...].firstIndex(of: 13) {
      guard let size = Int(String(decoding: bytes[at..<lineEnd], as: UTF8.self).prefix { $0 != ";" }, radix: 16) else { break }
      if size == 0 { return body }
      let start = lineEnd + 2
      guard start + size + 2 <= bytes.count else { break }
      body += bytes[start..<(start + size)]
      at = start + size + 2
    }
    if isCut { return body }
    throw broken("chunks are cut off", bytes)
  }

  private static func firstBlankLine(_ bytes: [UInt8]) -> Int? {
    guard bytes.count >= 4 else { return nil }
    return (0...(bytes.count - 4)).first { bytes[$0] == 13 && bytes[$0 + 1] == 10 && bytes[$0 + 2] == 13 && bytes[$0 + 3] == 10 }
  }

  private static func broken(_ what: String, _ bytes: [UInt8]) -> Problem {
    Problem(.failure, code: "bad_answer", "The answer is broken: \(what): \(String(decoding: bytes.prefix(300), as: UTF8.self))")
  }
}
