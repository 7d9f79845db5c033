// One YAML file below specs/, with what is needed to point into it.
import Core
import Documents

/// A parsed spec file. `name` is as people see it: `specs/deploy/App/kind.yaml`.
struct SpecFile {
  let name: String
  let family: String
  /// The kind's folder; nil for family.yaml.
  let folder: String?
  let root: Node
  private let lines: [[UInt8]]

  init(name: String, family: String, folder: String?, root: Node, bytes: [UInt8]) {
    self.name = name
    self.family = family
    self.folder = folder
    self.root = root
    lines = bytes.split(separator: 10, omittingEmptySubsequences: false).map(Array.init)
  }

  func place(_ node: Node) -> Place { node.place(in: name) }
  func place(_ member: Node.Member) -> Place { member.place(in: name) }

  /// The place in the file of a position (counted from 1) within a scalar's text.
  func place(in node: Node, line: Int, column: Int) -> Place {
    let start = place(node)
    guard lines.indices.contains(start.line - 1) else { return start }
    let text = String(decoding: lines[start.line - 1], as: UTF8.self).unicodeScalars
    let first = text.dropFirst(start.column - 1).first
    if first == "|" || first == ">" {
      let at = start.line - 1 + line
      guard lines.indices.contains(at) else { return start }
      let indent = lines[at].prefix { $0 == 32 }.count
      return Place(file: name, line: at + 1, column: indent + column)
    }
    guard line == 1 else { return start }
    let found = start.column + column - 1 + (first == "\"" || first == "'" ? 1 : 0)
    // Text folded from several lines has no simple place.
    return found <= text.count + 1 ? Place(file: name, line: start.line, column: found) : start
  }
}
