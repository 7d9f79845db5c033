// A mapping of a spec file whose keys are all checked, and typed access to its values.
import Core
import Expressions

/// Wrong types are reported where they stand and read as absent.
struct SpecMap {
  let node: Node
  let file: SpecFile
  let faults: SpecFaults
  private let members: [Node.Member]

  /// `keys` are the keys that have a meaning here; nil: any (names given by the author).
  init?(_ node: Node, in file: SpecFile, _ faults: SpecFaults, what: String, keys: [String]?) {
    guard let members = node.members else {
      faults.add("\(what) must be a map, not \(node.value.typePhrase)", at: file.place(node))
      return nil
    }
    self.node = node
    self.file = file
    self.faults = faults
    self.members = members
    guard let keys else { return }
    for member in members where !keys.contains(member.key) {
      faults.unknown("key of \(what) named", member.key, among: keys, at: file.place(member))
    }
  }

  var all: [Node.Member] { members }
  var place: Place { file.place(node) }
  subscript(key: String) -> Node? { members.first { $0.key == key }?.value }
  func has(_ key: String) -> Bool { self[key] != nil }
  func place(_ key: String) -> Place { self[key].map(file.place) ?? place }

  func wrong(_ key: String, _ node: Node, _ expected: String) {
    faults.add("\"\(key)\" must be \(expected), not \(Self.shown(node))", at: file.place(node))
  }

  static func shown(_ node: Node) -> String {
    if case .scalar(let value) = node.content {
      if case .string(let text) = value { return "\"\(text.prefix(60))\"" }
      return JSON.text(value)
    }
    return node.value.typePhrase
  }

  /// Text. Names such as `true` or 12 must be quoted.
  func string(_ key: String) -> String? {
    guard let node = self[key] else { return nil }
    if let text = node.string { return text }
    wrong(key, node, "text")
    return nil
  }

  func required(_ key: String, of what: String) -> String? {
    if !has(key) { faults.add("\(what) needs \"\(key)\"", at: place) }
    return string(key)
  }

  func bool(_ key: String) -> Bool? {
    guard let node = self[key] else { return nil }
    if case .scalar(.bool(let flag)) = node.content { return flag }
    wrong(key, node, "true or false")
    return nil
  }

  func int(_ key: String, _ range: ClosedRange<Int>) -> Int? {
    guard let node = self[key] else { return nil }
    if case .scalar(.int(let number)) = node.content, range.contains(number) { return number }
    wrong(key, node, "a whole number from \(range.lowerBound) to \(range.upperBound)")
    return nil
  }

  func number(_ key: String) -> Double? {
    guard let node = self[key] else { return nil }
    if case .scalar(let value) = node.content, let number = value.double, number.isFinite { return number }
    wrong(key, node, "a number")
    return nil
  }

  func duration(_ key: String) -> Duration? {
    guard let node = self[key] else { return nil }
    if let text = node.string, let duration = Duration(text: text) { return duration }
    wrong(key, node, "a duration such as 90s, 5m, 2h or 30d")
    return nil
  }

  func choice<T: RawRepresentable & CaseIterable>(_ key: String, _ type: T.Type) -> T? where T.RawValue == String {
    choice(key, among: T.allCases.map(\.rawValue)).flatMap(T.init(rawValue:))
  }

  func choice(_ key: String, among known: [String]) -> String? {
    guard let node = self[key] else { return nil }
    if let text = node.string {
      if known.contains(text) { return text }
      faults.unknown("\(key)", text, among: known, at: file.place(node))
      return nil
    }
    wrong(key, node, "one of \(known.joined(separator: ", "))")
    return nil
  }

  /// A list of texts, or one text.
  func strings(_ key: String) -> [String]? {
    guard let node = self[key] else { return nil }
    if let one = node.string { return [one] }
    guard let items = node.items else {
      wrong(key, node, "a list of texts")
      return nil
    }
    return items.compactMap { item in
      if item.string == nil { wrong(key, item, "a list of texts") }
      return item.string
    }
  }

  func items(_ key: String) -> [Node] {
    guard let node = self[key] else { return [] }
    if let items = node.items { return items }
    wrong(key, node, "a list")
    return []
  }

  func map(_ key: String, keys: [String]? = nil) -> SpecMap? {
    self[key].flatMap { SpecMap($0, in: file, faults, what: "\"\(key)\"", keys: keys) }
  }
}
