// A small part of XML, read strictly: elements, attributes, namespaces, text. Whatever lets two readers disagree is refused.
import Core

/// An element with its names resolved.
struct XMLElement: Sendable {
  struct Attribute: Sendable {
    var namespace: String
    var name: String
    var value: String
  }
  var namespace: String
  var name: String
  var attributes: [Attribute]
  var children: [XMLElement]
  /// All text directly within, joined.
  var text: String

  /// An attribute without a namespace.
  subscript(attribute: String) -> String? { attributes.first { $0.namespace.isEmpty && $0.name == attribute }?.value }

  func isNamed(_ name: String, in namespace: String) -> Bool { self.name == name && self.namespace == namespace }
  func all(_ name: String, in namespace: String) -> [XMLElement] { children.filter { $0.isNamed(name, in: namespace) } }
  /// The only child of this name; nil when there is none, or more than one.
  func only(_ name: String, in namespace: String) -> XMLElement? {
    let found = all(name, in: namespace)
    return found.count == 1 ? found[0] : nil
  }
  var trimmed: String { String(text.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed()) }

  /// This element and all below it.
  func everything() -> [XMLElement] { [self] + children.flatMap { $0.everything() } }
}

/// No document type, entities, processing instructions, comments or CDATA; UTF-8 only; bounded in size, depth and number.
struct StrictXML {
  static let sizeLimit = 512 << 10
  static let depthLimit = 32
  static let elementLimit = 5000
  static let attributeLimit = 64
  private static let xmlNamespace = "http://www.w3.org/XML/1998/namespace"

  private let bytes: [UInt8]
  private var at = 0
  private var elements = 0

  private init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// The root element. Throws Problem `bad_xml`.
  static func read(_ bytes: [UInt8]) throws -> XMLElement {
    guard bytes.count <= sizeLimit else { throw bad("it is too long") }
    guard Array(String(decoding: bytes, as: UTF8.self).utf8) == bytes, !bytes.contains(0) else { throw bad("it is not UTF-8") }
    var reader = StrictXML(bytes)
    try reader.declaration()
    reader.space()
    let root = try reader.element(["xml": xmlNamespace], depth: 0)
    reader.space()
    guard reader.at == bytes.count else { throw bad("something follows the root element") }
    return root
  }

  static func bad(_ what: String) -> Problem { Problem(.invalid, code: "bad_xml", "The XML is refused: \(what).") }

  /// `<?xml version="1.0" encoding="UTF-8"?>`, and no other instruction.
  private mutating func declaration() throws {
    guard bytes.starts(with: Array("<?xml ".utf8)) else { return }
    guard let end = bytes.indices.first(where: { $0 + 1 < bytes.count && bytes[$0] == 63 && bytes[$0 + 1] == 62 }) else {
      throw Self.bad("its declaration does not end")
    }
    let text = String(decoding: bytes[..<end], as: UTF8.self).lowercased()
    guard text.utf8.count < 100, !text.contains("encoding") || text.contains("utf-8") else { throw Self.bad("it is not UTF-8") }
    at = end + 2
  }

  private mutating func element(_ outer: [String: String], depth: Int) throws -> XMLElement {
    elements += 1
    guard depth < Self.depthLimit, elements <= Self.elementLimit else {
      throw Self.bad("it is too deep, or has too many elements")
    }
    try expect(60)
    let raw = try name()
    var scope = outer
    var plain: [(name: String, value: String)] = []
    while true {
      let hadSpace = space()
      guard let next = peek else { throw Self.bad("a tag does not end") }
      if next == 47 || next == 62 { break }
      guard hadSpace, plain.count < Self.attributeLimit else { throw Self.bad("a tag is malformed") }
      let attribute = try name()
      space()
      try expect(61)
      space()
      let value = try quoted()
      guard !plain.contains(where: { $0.name == attribute }) else { throw Self.bad("an attribute stands twice") }
      plain.append((attribute, value))
      if attribute == "xmlns" { scope[""] = value }
      if attribute.hasPrefix("xmlns:") {
        let prefix = String(attribute.dropFirst(6))
        guard prefix != "xml", prefix != "xmlns", !value.isEmpty else { throw Self.bad("a namespace is misused") }
        scope[prefix] = value
      }
    }
    let (namespace, local) = try resolve(raw, scope, standard: scope[""] ?? "")
    var attributes: [XMLElement.Attribute] = []
    for (name, value) in plain where name != "xmlns" && !name.hasPrefix("xmlns:") {
      let (space, local) = try resolve(name, scope, standard: "")
      guard !attributes.contains(where: { $0.namespace == space && $0.name == local }) else {
        throw Self.bad("an attribute stands twice")
      }
      attributes.append(.init(namespace: space, name: local, value: value))
    }
    var element = XMLElement(namespace: namespace, name: local, attributes: attributes, children: [], text: "")
    if peek == 47 {
      at += 1
      try expect(62)
      return element
    }
    try expect(62)
    var text: [UInt8] = []
    while true {
      guard let next = peek else { throw Self.bad("an element does not end") }
      if next != 60 {
        try character(into: &text, normalizing: false)
        continue
      }
      guard at + 1 < bytes.count else { throw Self.bad("an element does not end") }
      if bytes[at + 1] == 47 {
        at += 2
        guard try name() == raw else { throw Self.bad("an end tag does not fit") }
        space()
        try expect(62)
        element.text = String(decoding: text, as: UTF8.self)
        return element
      }
      guard bytes[at + 1] != 33, bytes[at + 1] != 63 else {
        throw Self.bad("comments, CDATA, instructions and document types are not allowed")
      }
      element.children.append(try self.element(scope, depth: depth + 1))
    }
  }

  private func resolve(_ name: String, _ scope: [String: String], standard: String) throws -> (String, String) {
    let parts = name.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    if parts.count == 1 { return (standard, name) }
    guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty, let namespace = scope[parts[0]] else {
      throw Self.bad("a prefix is not declared")
    }
    return (namespace, parts[1])
  }

  private var peek: UInt8? { at < bytes.count ? bytes[at] : nil }

  @discardableResult
  private mutating func space() -> Bool {
    let start = at
    while let byte = peek, byte == 32 || byte == 9 || byte == 10 || byte == 13 { at += 1 }
    return at > start
  }

  private mutating func expect(_ byte: UInt8) throws {
    guard peek == byte else { throw Self.bad("it is malformed at byte \(at)") }
    at += 1
  }

  /// ASCII names only: SAML has no others.
  private mutating func name() throws -> String {
    let start = at
    while let byte = peek {
      let isLetter = (65...90).contains(byte) || (97...122).contains(byte) || byte == 95
      let isRest = (48...57).contains(byte) || byte == 45 || byte == 46 || byte == 58
      guard isLetter || (isRest && at > start) else { break }
      at += 1
    }
    guard at > start, at - start <= 200 else { throw Self.bad("a name is malformed at byte \(at)") }
    return String(decoding: bytes[start..<at], as: UTF8.self)
  }

  private mutating func quoted() throws -> String {
    guard let quote = peek, quote == 34 || quote == 39 else { throw Self.bad("a value is not quoted") }
    at += 1
    var out: [UInt8] = []
    while let byte = peek, byte != quote {
      guard byte != 60 else { throw Self.bad("a value holds <") }
      try character(into: &out, normalizing: true)
    }
    try expect(quote)
    return String(decoding: out, as: UTF8.self)
  }

  /// One character, or one of the five named entities, or a character by number.
  private mutating func character(into out: inout [UInt8], normalizing: Bool) throws {
    let byte = bytes[at]
    if byte == 38 {
      guard let end = bytes[at...].prefix(12).firstIndex(of: 59) else { throw Self.bad("an entity is malformed") }
      let entity = String(decoding: bytes[(at + 1)..<end], as: UTF8.self)
      at = end + 1
      switch entity {
      case "amp": out.append(38)
      case "lt": out.append(60)
      case "gt": out.append(62)
      case "quot": out.append(34)
      case "apos": out.append(39)
      default:
        let number =
          entity.hasPrefix("#x")
          ? UInt32(entity.dropFirst(2), radix: 16) : entity.hasPrefix("#") ? UInt32(entity.dropFirst()) : nil
        guard let number, let scalar = UnicodeScalar(number), number >= 32 || number == 9 || number == 10 || number == 13 else {
          throw Self.bad("there are no entities but the five of XML")
        }
        out += Array(String(scalar).utf8)
      }
      return
    }
    at += 1
    if byte == 13 {
      // A line ends in one line feed, however it was written.
      if peek == 10 { return }
      out.append(normalizing ? 32 : 10)
    } else if byte < 32, byte != 9, byte != 10 {
      throw Self.bad("it holds a control character")
    } else {
      out.append(normalizing && (byte == 9 || byte == 10) ? 32 : byte)
    }
  }
}
