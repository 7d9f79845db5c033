// libyaml's events of one document to a tree: tags, anchors and aliases, duplicate keys, limits.
import CLibYAML
import Core

/// Reads one document. Used once, by one thread.
final class YAMLParser {
  enum Outcome {
    case empty
    case tree(Node)
    /// With the tree where it could be read to its end, so that what else is wrong can be told too.
    case faulty([DocumentFault], Node?)

    var node: Node? {
      switch self {
      case .empty: nil
      case .tree(let node): node
      case .faulty(_, let node): node
      }
    }
    var faults: [DocumentFault] { if case .faulty(let faults, _) = self { faults } else { [] } }
  }

  /// A node that aliases may repeat. `size` counts its nodes; `height` its levels.
  private struct Anchored {
    var node: Node
    var size: Int
    var height: Int
  }

  /// Nodes of the file so far.
  private(set) var nodes: Int
  private var parser = yaml_parser_t()
  private var event = yaml_event_t()
  private let bytes: UnsafeBufferPointer<UInt8>
  private let lineOffset: Int
  private let limits: DocumentLimits
  private var aliased = 0
  private var depth = 0
  private var deepest = 0
  private var anchors: [String: Anchored] = [:]
  private var openAnchors: [String] = []
  private var faults: [DocumentFault] = []
  private let ready: Bool

  /// `bytes` must outlive the parser.
  init(_ bytes: UnsafeBufferPointer<UInt8>, line: Int, nodes: Int, limits: DocumentLimits) {
    self.bytes = bytes
    self.nodes = nodes
    self.limits = limits
    lineOffset = line
    ready = yaml_parser_initialize(&parser) == 1
    if ready {
      yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING)
      yaml_parser_set_input_string(&parser, bytes.baseAddress, bytes.count)
    }
  }

  deinit {
    if ready {
      yaml_event_delete(&event)
      yaml_parser_delete(&parser)
    }
  }

  func document() -> Outcome {
    guard ready, !bytes.isEmpty else { return .empty }
    do {
      try next()  // stream start
      try next()
      guard event.type == YAML_DOCUMENT_START_EVENT else { return .empty }
      try next()
      let node = try self.node()
      try next()  // document end
      try next()
      if event.type != YAML_STREAM_END_EVENT {
        fault("a second document begins here", fix: "Put '---' on a line of its own that ends with a newline.")
      }
      return faults.isEmpty ? .tree(node) : .faulty(faults, node)
    } catch {
      return .faulty(faults + [error], nil)
    }
  }

  // MARK: Events

  private func next() throws(DocumentFault) {
    yaml_event_delete(&event)
    if yaml_parser_parse(&parser, &event) != 1 { throw syntaxFault() }
  }

  private var line: Int { Int(event.start_mark.line) + lineOffset }
  private var column: Int { Int(event.start_mark.column) + 1 }

  private func fault(_ message: String, fix: String? = nil) {
    if faults.count < limits.problems { faults.append(DocumentFault(message: message, line: line, column: column, fix: fix)) }
  }

  private func syntaxFault() -> DocumentFault {
    let mark = parser.problem_mark
    var message = parser.problem.map { String(cString: $0) } ?? "the text cannot be read"
    if let context = parser.context {
      message += " " + String(cString: context)
      if parser.context_mark.line != mark.line { message += " that begins in line \(Int(parser.context_mark.line) + lineOffset)" }
    }
    let isTab = mark.index < bytes.count && byte(atCharacter: mark.index) == 9
    return DocumentFault(
      message: message, line: Int(mark.line) + lineOffset, column: Int(mark.column) + 1,
      fix: isTab ? "Indent with spaces: YAML allows no tabs there." : nil)
  }

  private func byte(atCharacter index: Int) -> UInt8? {
    var character = -1
    for byte in bytes where byte & 0xC0 != 0x80 {
      character += 1
      if character == index { return byte }
    }
    return nil
  }

  // MARK: Nodes

  /// The node that begins with the current event; afterwards its last event is current.
  private func node() throws(DocumentFault) -> Node {
    nodes += 1
    if nodes > limits.nodes {
      throw tooMuch("the file holds more than \(limits.nodes) values", fix: "Split it into several files.")
    }
    deepest = max(deepest, depth)
    switch event.type {
    case YAML_SCALAR_EVENT: return scalar()
    case YAML_SEQUENCE_START_EVENT: return try sequence()
    case YAML_MAPPING_START_EVENT: return try mapping()
    case YAML_ALIAS_EVENT: return try alias()
    default: throw tooMuch("a value is expected here", fix: nil)
    }
  }

  private func tooMuch(_ message: String, fix: String?) -> DocumentFault {
    DocumentFault(message: message, line: line, column: column, fix: fix)
  }

  private func make(_ content: Node.Content, _ line: Int, _ column: Int) -> Node {
    Node(content, line: UInt32(clamping: line), column: UInt32(clamping: column))
  }

  private func scalar() -> Node {
    let data = event.data.scalar
    let text = UnsafeBufferPointer(start: UnsafePointer(data.value), count: data.length)
    let value: Value
    if let tag = data.tag {
      value = tagged(String(cString: tag), text)
    } else if data.style == YAML_PLAIN_SCALAR_STYLE {
      if let plain = CoreSchema.resolve(text) {
        value = plain
      } else {
        value = .null
        fault("the number is out of range", fix: "Quote it if it is text.")
      }
    } else {
      value = .string(String(decoding: text, as: UTF8.self))
    }
    let node = make(.scalar(value), line, column)
    if let anchor = data.anchor { anchors[String(cString: anchor)] = Anchored(node: node, size: 1, height: 0) }
    return node
  }

  private func tagged(_ tag: String, _ text: UnsafeBufferPointer<UInt8>) -> Value {
    let string = Value.string(String(decoding: text, as: UTF8.self))
    let plain = CoreSchema.resolve(text)
    switch (tag, plain) {
    case ("!", _), (Self.core + "str", _): return string
    case (Self.core + "null", .null?): return .null
    case (Self.core + "bool", .bool(let flag)?): return .bool(flag)
    case (Self.core + "int", .int(let number)?): return .int(number)
    case (Self.core + "float", .double(let number)?): return .double(number)
    case (Self.core + "float", .int(let number)?): return .double(Double(number))
    case (Self.core + "null", _), (Self.core + "bool", _), (Self.core + "int", _), (Self.core + "float", _):
      fault("the text is no \(shown(tag))", fix: "Correct the text or remove the tag.")
    default: refuse(tag)
    }
    return .null
  }

  private static let core = "tag:yaml.org,2002:"

  private func shown(_ tag: String) -> String { tag.hasPrefix(Self.core) ? "!!" + tag.dropFirst(Self.core.count) : tag }

  private func refuse(_ tag: String) {
    fault(
      "the tag \(shown(tag)) is not known here",
      fix: "Remove it: only !!str, !!int, !!float, !!bool, !!null, !!seq and !!map are.")
  }

  private func enter(tag: UnsafeMutablePointer<yaml_char_t>?, expected: String, anchor: UnsafeMutablePointer<yaml_char_t>?)
    throws(DocumentFault) -> String?
  {
    depth += 1
    if depth > limits.depth { throw tooMuch("nested deeper than \(limits.depth) levels", fix: nil) }
    if let tag = tag.map({ String(cString: $0) }), tag != "!", tag != Self.core + expected { refuse(tag) }
    guard let name = anchor.map({ String(cString: $0) }) else { return nil }
    openAnchors.append(name)
    return name
  }

  /// Ends the collection that `enter` began and keeps it when it is anchored.
  private func leave(_ node: Node, anchor: String?, sizeBefore: Int, deepestBefore: Int) -> Node {
    depth -= 1
    if let anchor {
      openAnchors.removeLast()
      anchors[anchor] = Anchored(node: node, size: nodes - sizeBefore + 1, height: deepest - depth)
    }
    deepest = max(deepest, deepestBefore)
    return node
  }

  private func sequence() throws(DocumentFault) -> Node {
    let (line, column, sizeBefore, deepestBefore) = (line, column, nodes, deepest)
    let data = event.data.sequence_start
    let anchor = try enter(tag: data.tag, expected: "seq", anchor: data.anchor)
    deepest = depth
    var items: [Node] = []
    while true {
      try next()
      if event.type == YAML_SEQUENCE_END_EVENT { break }
      items.append(try node())
    }
    return leave(make(.sequence(items), line, column), anchor: anchor, sizeBefore: sizeBefore, deepestBefore: deepestBefore)
  }

  private func mapping() throws(DocumentFault) -> Node {
    let (line, column, sizeBefore, deepestBefore) = (line, column, nodes, deepest)
    let data = event.data.mapping_start
    let anchor = try enter(tag: data.tag, expected: "map", anchor: data.anchor)
    deepest = depth
    var members = KeyedMembers()
    while true {
      try next()
      if event.type == YAML_MAPPING_END_EVENT { break }
      let (keyLine, keyColumn) = (self.line, self.column)
      guard let key = try self.key() else {
        try next()
        _ = try node()
        continue
      }
      if let first = members.lineOf(key) {
        fault("the key \"\(key)\" stands twice; first in line \(first)", fix: "Remove one of the two.")
      }
      try next()
      members.add(
        Node.Member(key: key, line: UInt32(clamping: keyLine), column: UInt32(clamping: keyColumn), value: try node()))
    }
    return leave(make(.mapping(members.list), line, column), anchor: anchor, sizeBefore: sizeBefore, deepestBefore: deepestBefore)
  }

  /// The current event as a key; nil, after passing over it, when it cannot be one.
  private func key() throws(DocumentFault) -> String? {
    guard event.type == YAML_SCALAR_EVENT else {
      fault(
        "a key must be a single word or text",
        fix: event.type == YAML_ALIAS_EVENT ? "Write the key out instead of the alias." : nil)
      _ = try node()
      return nil
    }
    let data = event.data.scalar
    let text = String(decoding: UnsafeBufferPointer(start: data.value, count: data.length), as: UTF8.self)
    if text == "<<", data.style == YAML_PLAIN_SCALAR_STYLE {
      fault("merge keys (<<) are not part of YAML 1.2", fix: "Write the members out, or quote the key if \"<<\" is meant.")
    }
    if data.tag != nil || data.anchor != nil { _ = scalar() }
    return text
  }

  private func alias() throws(DocumentFault) -> Node {
    let name = String(cString: event.data.alias.anchor)
    if openAnchors.contains(name) {
      throw tooMuch("the alias *\(name) stands within what it repeats", fix: "Write the value out.")
    }
    guard let anchored = anchors[name] else {
      fault("the alias *\(name) has no anchor &\(name) before it in this document", fix: nil)
      return make(.scalar(.null), line, column)
    }
    aliased += anchored.size
    nodes += anchored.size - 1
    if aliased > limits.aliasedNodes || nodes > limits.nodes {
      throw tooMuch("aliases repeat more than \(limits.aliasedNodes) values", fix: "Write fewer aliases of aliases.")
    }
    deepest = max(deepest, depth + anchored.height)
    if deepest > limits.depth { throw tooMuch("nested deeper than \(limits.depth) levels through aliases", fix: nil) }
    return anchored.node
  }
}
