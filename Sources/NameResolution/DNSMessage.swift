// DNS messages on the wire (RFC 1035): one question out, a checked answer in.
import Core

/// What is asked for.
enum DNSType: UInt16 {
  case a = 1
  case cname = 5
  case txt = 16
  case aaaa = 28
}

enum DNSMessage {
  /// Most bytes of a UDP answer, and of any answer that is read.
  static let mostUDP = 4096
  static let mostRecords = 512
  private static let mostName = 255
  private static let mostPointers = 64

  enum Failure: Error, Equatable {
    /// Not an answer to the question: to be ignored, since anyone may send packets.
    case foreign
    /// Breaks the format.
    case malformed(String)
  }

  struct Answer: Equatable {
    var truncated = false
    /// 0 no error, 2 server failure, 3 no such name, 5 refused …
    var code = 0
    /// Text of the wanted records along the chain of aliases: addresses, or whole TXT texts.
    var records: [String] = []
    var alias: String?
  }

  /// Labels of a name; nil when it is no name that can be asked for.
  static func labels(_ name: String) -> [[UInt8]]? {
    let trimmed = name.hasSuffix(".") ? name.dropLast() : Substring(name)
    let labels = trimmed.split(separator: ".", omittingEmptySubsequences: false).map { Array($0.utf8) }
    guard !labels.isEmpty, labels.allSatisfy({ (1...63).contains($0.count) && $0.allSatisfy { $0 > 32 && $0 < 127 } }),
      labels.reduce(1, { $0 + $1.count + 1 }) <= mostName
    else { return nil }
    return labels
  }

  /// A query with recursion desired; nil for a name that cannot be asked for.
  static func query(_ name: String, _ type: DNSType, id: UInt16) -> [UInt8]? {
    guard let labels = labels(name) else { return nil }
    var bytes: [UInt8] = [UInt8(id >> 8), UInt8(id & 255), 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]
    for label in labels { bytes += [UInt8(label.count)] + label }
    return bytes + [0, UInt8(type.rawValue >> 8), UInt8(type.rawValue & 255), 0, 1]
  }

  /// Reads an answer to exactly this question. Throws Failure.
  static func parse(_ bytes: [UInt8], id: UInt16, name: String, type: DNSType) throws -> Answer {
    var reader = Reader(bytes: bytes)
    guard bytes.count >= 12, try reader.word() == id else { throw Failure.foreign }
    let flags = try reader.word()
    // An answer, of a standard query, to one question.
    guard flags & 0x8000 != 0, flags & 0x7800 == 0, try reader.word() == 1 else { throw Failure.foreign }
    let count = Int(try reader.word())
    _ = try (reader.word(), reader.word())
    guard try reader.name().lowercased() == canonical(name), try reader.word() == type.rawValue, try reader.word() == 1 else {
      throw Failure.foreign
    }
    var answer = Answer(truncated: flags & 0x0200 != 0, code: Int(flags & 15))
    if answer.truncated { return answer }
    guard count <= mostRecords else { throw Failure.malformed("the answer holds \(count) records") }
    var aliases: [String: String] = [:]
    var found: [(owner: String, text: String)] = []
    for _ in 0..<count {
      let owner = try reader.name().lowercased()
      let (kind, family) = try (reader.word(), reader.word())
      _ = try (reader.word(), reader.word())
      let length = Int(try reader.word())
      let end = reader.at + length
      guard end <= bytes.count else { throw Failure.malformed("a record is longer than the message") }
      if family == 1 {
        if kind == DNSType.cname.rawValue {
          aliases[owner] = try reader.name().lowercased()
        } else if kind == type.rawValue {
          found.append((owner, try text(bytes[reader.at..<end], type)))
        }
      }
      reader.at = end
    }
    var here = canonical(name)
    for _ in 0..<mostPointers {
      answer.records += found.filter { $0.owner == here }.map(\.text)
      guard let next = aliases[here] else { break }
      answer.alias = next
      here = next
    }
    return answer
  }

  private static func canonical(_ name: String) -> String { (name.hasSuffix(".") ? String(name.dropLast()) : name).lowercased() }

  private static func text(_ data: ArraySlice<UInt8>, _ type: DNSType) throws -> String {
    let data = Array(data)
    switch type {
    case .a:
      guard data.count == 4 else { throw Failure.malformed("an A record has \(data.count) bytes") }
      return data.map(String.init).joined(separator: ".")
    case .aaaa:
      guard data.count == 16 else { throw Failure.malformed("an AAAA record has \(data.count) bytes") }
      return IPv6Text.write(data)
    case .txt:
      var out: [UInt8] = []
      var at = 0
      while at < data.count {
        let length = Int(data[at])
        guard at + 1 + length <= data.count else { throw Failure.malformed("a TXT string is longer than its record") }
        out += data[(at + 1)..<(at + 1 + length)]
        at += 1 + length
      }
      return String(decoding: out, as: UTF8.self)
    case .cname: return ""
    }
  }

  struct Reader {
    let bytes: [UInt8]
    var at = 0

    mutating func word() throws -> UInt16 {
      guard at + 2 <= bytes.count else { throw Failure.malformed("the message ends early") }
      defer { at += 2 }
      return UInt16(bytes[at]) << 8 | UInt16(bytes[at + 1])
    }

    /// A name with its compression undone. Pointers must lead backwards, so that they end.
    mutating func name() throws -> String {
      var labels: [String] = []
      var here = at
      var length = 1
      var lowest = at
      var jumped = false
      while true {
        guard here < bytes.count else { throw Failure.malformed("a name ends early") }
        let size = Int(bytes[here])
        if size == 0 {
          if !jumped { at = here + 1 }
          return labels.joined(separator: ".")
        }
        if size & 0xc0 == 0xc0 {
          guard here + 1 < bytes.count else { throw Failure.malformed("a name ends early") }
          let target = (size & 0x3f) << 8 | Int(bytes[here + 1])
          guard target < lowest else { throw Failure.malformed("a name points forward or in a circle") }
          if !jumped { at = here + 2 }
          jumped = true
          lowest = target
          here = target
          continue
        }
        guard size < 64, here + 1 + size <= bytes.count else { throw Failure.malformed("a label is too long") }
        length += size + 1
        guard length <= DNSMessage.mostName else { throw Failure.malformed("a name is too long") }
        labels.append(String(decoding: bytes[(here + 1)...(here + size)], as: UTF8.self))
        here += 1 + size
      }
    }
  }
}
