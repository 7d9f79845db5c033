// Objects as people name them on the command line: `Kind/name`, or the two words apart.
import Core

struct ObjectName: Equatable {
  var kind: String
  var name: String
  var path: [String] { ["objects", kind, name] }

  /// Reads `KIND/NAME` or `KIND NAME`.
  static func one(_ words: [String]) throws -> ObjectName {
    let all = try many(words)
    guard all.count == 1, let first = all.first else {
      throw Arguments.problem("arguments", "one object is wanted, and \(all.count) are named", fix: "Write KIND/NAME.")
    }
    return first
  }

  /// Reads `KIND/NAME …`, or `KIND NAME …`.
  static func many(_ words: [String]) throws -> [ObjectName] {
    if let first = words.first, !first.contains("/") {
      guard words.count > 1 else {
        throw Arguments.problem("arguments", "\"\(first)\" names no object", fix: "Write \(first)/NAME.")
      }
      return words.dropFirst().map { ObjectName(kind: first, name: $0) }
    }
    return try words.map { word in
      let parts = word.split(separator: "/", maxSplits: 1).map(String.init)
      guard parts.count == 2 else { throw Arguments.problem("arguments", "\"\(word)\" names no object", fix: "Write KIND/NAME.") }
      return ObjectName(kind: parts[0], name: parts[1])
    }
  }
}
