// `sql` of a route or a let: which file it names, with which parameters, within which limits.
import Core
import Expressions
import Kinds

/// The SQL files of the specs, and which of them some route reads.
final class SQLFiles {
  /// `deploy/App/busy.sql` → text.
  private let texts: [String: SQLText]
  private var used: Set<String> = []
  private let faults: SpecFaults

  init(_ files: [(path: String, bytes: [UInt8])], root: String, _ faults: SpecFaults) {
    self.faults = faults
    var texts: [String: SQLText] = [:]
    for file in files where file.path.hasSuffix(".sql") {
      let name = "\(root)/\(file.path)"
      let source = String(decoding: file.bytes, as: UTF8.self)
      do { texts[file.path] = try SQLText(name: name, source: source) } catch {
        let before = Array(source.utf8.prefix(error.offset))
        let line = before.count { $0 == 10 } + 1
        let column = String(decoding: before[((before.lastIndex(of: 10) ?? -1) + 1)...], as: UTF8.self).count + 1
        faults.add(error.message, at: Place(file: name, line: line, column: column), code: "sql")
        used.insert(file.path)
      }
    }
    self.texts = texts
  }

  var all: [SQLText] { texts.sorted { $0.key < $1.key }.map(\.value) }

  /// The file beside a rest.yaml; a missing one is a fault at `place`.
  func text(_ name: String, beside file: SpecFile, at place: Place) -> SQLText? {
    let folder = "\(file.family)/\(file.folder ?? "")/"
    if used.contains(folder + name), texts[folder + name] == nil { return nil }
    guard let text = texts[folder + name] else {
      let known = texts.keys.filter { $0.hasPrefix(folder) }.map { String($0.dropFirst(folder.count)) }
      faults.unknown("SQL file named", name, among: known, at: place)
      return nil
    }
    used.insert(folder + name)
    return text
  }

  /// A file that no route reads would be forgotten in silence.
  func checkUse() {
    for (path, text) in texts.sorted(by: { $0.key < $1.key }) where !used.contains(path) {
      faults.add("no route reads this file", at: text.place(0), code: "sql")
    }
  }
}

struct SQLLoader {
  let file: SpecFile
  let faults: SpecFaults
  let expressions: ExpressionReader
  let files: SQLFiles

  /// `sql: busy.sql` or `sql: {file, row, most, timeout}`, with the `with` beside it.
  func sql(_ map: SpecMap, _ scope: ExpressionScope, timeout: Duration? = nil) -> RouteSpec.SQL? {
    guard let node = map["sql"] else { return nil }
    var inner: SpecMap?
    var name = node.string
    if node.members != nil {
      inner = map.map("sql", keys: ["file", "row", "most", "timeout"])
      name = inner?.required("file", of: "\"sql\"")
    } else if name == nil {
      map.wrong("sql", node, "the name of a file")
    }
    guard let name, let text = files.text(name, beside: file, at: inner?.place("file") ?? file.place(node)) else { return nil }
    let with = map.map("with")?.all.compactMap { m in expressions.program(m.value, in: file, scope).map { (m.key, $0) } } ?? []
    checkParameters(text, map, at: file.place(node))
    return RouteSpec.SQL(
      text: text, with: with, row: inner?.bool("row") ?? false, most: inner?.int("most", 1...10_000),
      timeout: inner?.duration("timeout") ?? timeout)
  }

  private func checkParameters(_ text: SQLText, _ map: SpecMap, at place: Place) {
    let given = map.map("with")?.all ?? []
    for name in text.parameters where !given.contains(where: { $0.key == name }) {
      let offset = text.pieces.first { $0.piece == .parameter(name) }?.offset ?? 0
      faults.add(
        "nothing gives the parameter :\(name)", at: text.place(offset), code: "sql", fix: "Add it to \"with\" at \(place).")
    }
    for member in given where !text.parameters.contains(member.key) {
      faults.unknown("parameter of the SQL file named", member.key, among: text.parameters, at: file.place(member))
    }
  }
}
