// Strict JSON files to trees with places. A top-level list is several documents.
import Core

public enum JSONDocument {
  /// The documents of a JSON file: the items of a top-level list, else the one value. Problems have the code `json`.
  /// Syntax stops at the first fault; duplicate members are all named.
  public static func documents(
    _ bytes: [UInt8], file: String, limits: DocumentLimits = .standard
  ) -> (documents: [DocumentText], problems: [Problem]) {
    let skipped = bytes.starts(with: DocumentSplitter.byteOrderMark) ? DocumentSplitter.byteOrderMark.count : 0
    return bytes.withUnsafeBufferPointer { buffer in
      var reader = JSONNodeReader(buffer, from: skipped, file: file, limits: limits)
      do {
        let documents = try reader.documents()
        return reader.problems.isEmpty ? (documents, []) : (documents.map(withoutNode), reader.problems)
      } catch let fault as JSONLexer.Fault {
        return ([], reader.problems + [reader.problem(fault.message, at: fault.offset)])
      } catch {
        return ([], [reader.problem("\(error)", at: 0)])
      }
    }
  }

  private static func withoutNode(_ document: DocumentText) -> DocumentText {
    DocumentText(node: nil, firstLine: document.firstLine, range: document.range)
  }
}

private struct JSONNodeReader {
  private var lexer: JSONLexer
  private let file: String
  private let limits: DocumentLimits
  private var depth = 0
  private var nodes = 0
  // The last position asked for: places are asked for in order, so that counting lines takes one pass.
  private var counted = 0
  private var line = 1
  private var column = 1
  private(set) var problems: [Problem] = []

  init(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int, file: String, limits: DocumentLimits) {
    lexer = JSONLexer(bytes: bytes)
    lexer.at = start
    counted = start
    self.file = file
    self.limits = limits
  }

  mutating func documents() throws -> [DocumentText] {
    var documents: [DocumentText] = []
    if try lexer.start() == .list {
      try enter()
      if !lexer.take(UInt8(ascii: "]")) {
        repeat { documents.append(try document()) } while try lexer.another(until: UInt8(ascii: "]"))
      }
    } else {
      documents = [try document()]
    }
    try lexer.end()
    return documents
  }

  private mutating func document() throws -> DocumentText {
    lexer.skipSpace()
    let start = lexer.at
    let node = try self.node()
    return DocumentText(node: node, firstLine: Int(node.line), range: start..<lexer.at)
  }

  private mutating func move(to offset: Int) {
    while counted < offset, counted < lexer.bytes.count {
      let byte = lexer.bytes[counted]
      if byte == 10 {
        line += 1
        column = 1
      } else if byte & 0xC0 != 0x80 {
        column += 1
      }
      counted += 1
    }
  }

  mutating func problem(_ message: String, at offset: Int) -> Problem {
    move(to: offset)
    return Problem(.invalid, code: "json", message, place: Place(file: file, line: line, column: column))
  }

  private mutating func node() throws -> Node {
    let start = try lexer.start()
    nodes += 1
    if nodes > limits.nodes { throw lexer.fault("the file holds more than \(limits.nodes) values") }
    move(to: lexer.at)
    let (line, column) = (UInt32(clamping: line), UInt32(clamping: column))
    let content: Node.Content =
      switch start {
      case .object: try object()
      case .list: try list()
      case .scalar: .scalar(try lexer.scalar())
      }
    return Node(content, line: line, column: column)
  }

  private mutating func enter() throws {
    lexer.at += 1
    depth += 1
    if depth > limits.depth { throw lexer.fault("nested deeper than \(limits.depth) levels") }
    lexer.skipSpace()
  }

  private mutating func object() throws -> Node.Content {
    try enter()
    defer { depth -= 1 }
    var members = KeyedMembers()
    if lexer.take(UInt8(ascii: "}")) { return .mapping([]) }
    repeat {
      let (name, offset) = try lexer.memberName()
      move(to: offset)
      let (line, column) = (UInt32(clamping: line), UInt32(clamping: column))
      if let first = members.lineOf(name), problems.count < limits.problems {
        var twice = problem("the member \"\(name)\" stands twice; first in line \(first)", at: offset)
        twice.fix = "Remove one of the two."
        problems.append(twice)
      }
      members.add(Node.Member(key: name, line: line, column: column, value: try node()))
    } while try lexer.another(until: UInt8(ascii: "}"))
    return .mapping(members.list)
  }

  private mutating func list() throws -> Node.Content {
    try enter()
    defer { depth -= 1 }
    var items: [Node] = []
    if lexer.take(UInt8(ascii: "]")) { return .sequence(items) }
    repeat { items.append(try node()) } while try lexer.another(until: UInt8(ascii: "]"))
    return .sequence(items)
  }
}
