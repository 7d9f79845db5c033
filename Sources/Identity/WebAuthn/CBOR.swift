// The part of CBOR (RFC 8949) that authenticators send, read strictly: definite lengths, shortest forms, no duplicates, bounded.
import Core

/// One item. Tags, floats and indefinite lengths are refused: CTAP2's canonical form has none of them.
enum CBOR: Sendable, Hashable {
  case int(Int)
  case bytes([UInt8])
  case text(String)
  case list([CBOR])
  case map([CBOR: CBOR])
  case bool(Bool)
  case null

  static let sizeLimit = 64 << 10
  static let depthLimit = 8
  static let itemLimit = 1000

  subscript(key: Int) -> CBOR? { if case .map(let map) = self { map[.int(key)] } else { nil } }
  subscript(key: String) -> CBOR? { if case .map(let map) = self { map[.text(key)] } else { nil } }
  var int: Int? { if case .int(let value) = self { value } else { nil } }
  var bytes: [UInt8]? { if case .bytes(let value) = self { value } else { nil } }
  var text: String? { if case .text(let value) = self { value } else { nil } }

  /// The one item that `bytes` are. Throws Problem `bad_cbor`.
  static func read(_ bytes: [UInt8]) throws -> CBOR {
    let (item, end) = try readFirst(bytes)
    guard end == bytes.count else { throw bad("more follows the item") }
    return item
  }

  /// The first item, and how many bytes it took.
  static func readFirst(_ bytes: [UInt8]) throws -> (CBOR, Int) {
    guard bytes.count <= sizeLimit else { throw bad("too long") }
    var reader = CBORReader(bytes: bytes)
    let item = try reader.item(depth: 0)
    return (item, reader.at)
  }

  static func bad(_ what: String) -> Problem {
    Problem(.invalid, code: "bad_cbor", "What the authenticator sent cannot be read: \(what).")
  }
}

private struct CBORReader {
  let bytes: [UInt8]
  var at = 0
  var items = 0

  mutating func item(depth: Int) throws -> CBOR {
    items += 1
    guard depth < CBOR.depthLimit, items <= CBOR.itemLimit else { throw CBOR.bad("too deep, or too many items") }
    let first = try byte()
    let major = first >> 5
    if major == 7 {
      switch first {
      case 0xf4: return .bool(false)
      case 0xf5: return .bool(true)
      case 0xf6: return .null
      default: throw CBOR.bad("a kind of value that does not belong here")
      }
    }
    let argument = try number(first & 31)
    switch major {
    case 0: return .int(argument)
    case 1: return .int(-1 - argument)
    case 2: return .bytes(try take(argument))
    case 3:
      let raw = try take(argument)
      let text = String(decoding: raw, as: UTF8.self)
      guard Array(text.utf8) == raw else { throw CBOR.bad("text that is no UTF-8") }
      return .text(text)
    case 4:
      try bound(argument)
      var list: [CBOR] = []
      for _ in 0..<argument { list.append(try item(depth: depth + 1)) }
      return .list(list)
    case 5:
      try bound(argument)
      var map: [CBOR: CBOR] = [:]
      for _ in 0..<argument {
        let key = try item(depth: depth + 1)
        switch key {
        case .int, .text: break
        default: throw CBOR.bad("a key that is neither a number nor text")
        }
        guard map.updateValue(try item(depth: depth + 1), forKey: key) == nil else { throw CBOR.bad("a key twice") }
      }
      return .map(map)
    default: throw CBOR.bad("a tag")
    }
  }

  /// The argument of a head, in its shortest form.
  private mutating func number(_ short: UInt8) throws -> Int {
    if short < 24 { return Int(short) }
    guard short <= 27 else { throw CBOR.bad("an indefinite length") }
    let count = 1 << Int(short - 24)
    var value: UInt64 = 0
    for _ in 0..<count { value = value << 8 | UInt64(try byte()) }
    let least: UInt64 = count == 1 ? 24 : 1 << UInt64(4 * count)
    guard value >= least else { throw CBOR.bad("a number in more bytes than it needs") }
    guard value <= UInt64(Int.max) else { throw CBOR.bad("a number that is too large") }
    return Int(value)
  }

  /// Each item takes a byte at least: a count cannot promise more than is there.
  private func bound(_ count: Int) throws {
    guard count <= bytes.count - at else { throw CBOR.bad("it ends too early") }
  }

  private mutating func byte() throws -> UInt8 {
    guard at < bytes.count else { throw CBOR.bad("it ends too early") }
    defer { at += 1 }
    return bytes[at]
  }

  private mutating func take(_ count: Int) throws -> [UInt8] {
    guard count <= bytes.count - at else { throw CBOR.bad("it ends too early") }
    defer { at += count }
    return Array(bytes[at..<at + count])
  }
}
