// Strict JSON (RFC 8259) to values: no trailing text, depth limited, duplicate members refused unless asked for.

/// What was wrong with a JSON text, and at which byte.
public struct JSONError: Error, Sendable, CustomStringConvertible {
  public var message: String
  public var offset: Int
  /// Counted from 1, columns in bytes.
  public var line: Int
  public var column: Int
  public var description: String { "\(line):\(column): \(message)" }
}

extension JSON {
  /// Nesting deeper than this is refused.
  public static let maxDepth = 128

  /// What a member name that stands twice in one object means. RFC 8259 leaves it open.
  public enum Duplicates: Sendable { case refuse, lastWins }

  public static func parse(_ text: String, duplicates: Duplicates = .refuse) throws -> Value {
    try parse(Array(text.utf8), duplicates: duplicates)
  }

  /// Reads one JSON text. Integers beyond 64 bits become doubles; numbers beyond a double are refused. Throws `JSONError`.
  public static func parse(_ bytes: some Collection<UInt8>, duplicates: Duplicates = .refuse) throws -> Value {
    let read: (UnsafeBufferPointer<UInt8>) throws -> Value = { buffer in
      var reader = JSONReader(lexer: JSONLexer(bytes: buffer), duplicates: duplicates)
      do { return try reader.document() } catch let fault as JSONLexer.Fault {
        let before = buffer[..<min(fault.offset, buffer.count)]
        let line = before.reduce(1) { $0 + ($1 == 10 ? 1 : 0) }
        let column = before.reversed().prefix { $0 != 10 }.count + 1
        throw JSONError(message: fault.message, offset: fault.offset, line: line, column: column)
      }
    }
    if let value = try bytes.withContiguousStorageIfAvailable(read) { return value }
    return try Array(bytes).withUnsafeBufferPointer(read)
  }
}

struct JSONReader {
  var lexer: JSONLexer
  let duplicates: JSON.Duplicates
  var depth = 0

  init(lexer: JSONLexer, duplicates: JSON.Duplicates) {
    self.lexer = lexer
    self.duplicates = duplicates
  }

  mutating func document() throws -> Value {
    let value = try self.value()
    try lexer.end()
    return value
  }

  private mutating func value() throws -> Value {
    switch try lexer.start() {
    case .object: return try object()
    case .list: return try list()
    case .scalar: return try lexer.scalar()
    }
  }

  private mutating func enter() throws {
    lexer.at += 1
    depth += 1
    if depth > JSON.maxDepth { throw lexer.fault("nested deeper than \(JSON.maxDepth) levels") }
    lexer.skipSpace()
  }

  private mutating func object() throws -> Value {
    try enter()
    defer { depth -= 1 }
    var map = ObjectMap()
    if lexer.take(UInt8(ascii: "}")) { return .object(map) }
    repeat {
      let (name, offset) = try lexer.memberName()
      if !map.has(name) {
        map.append(name, try value())
      } else if duplicates == .lastWins {
        map[name] = try value()
      } else {
        throw lexer.fault("the member \"\(name)\" stands twice", at: offset)
      }
    } while try lexer.another(until: UInt8(ascii: "}"))
    return .object(map)
  }

  private mutating func list() throws -> Value {
    try enter()
    defer { depth -= 1 }
    var items: [Value] = []
    if lexer.take(UInt8(ascii: "]")) { return .list(items) }
    repeat { items.append(try value()) } while try lexer.another(until: UInt8(ascii: "]"))
    return .list(items)
  }
}
