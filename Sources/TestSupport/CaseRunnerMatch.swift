// Compares an answer with what a case expects: plain values, and matchers that begin with a dollar sign.
import Core
import Foundation

/// Expected values match equal ones. A map matches when each of its members does; members it does not name may be there too,
/// unless it has `$exact: true`. A list matches item by item. Matchers: `$any` (present), `$absent`, `$null`, `$string`,
/// `$nonempty`, `$integer`, `$number`, `$boolean`, `$list`, `$map`, `$uuid`, `$objectid`, `$timestamp`, `{$regex: R}`, `{$contains: [..]}`
/// (a list that holds items like these, in any order), `{$without: [..]}`, `{$size: N}`, `{$least: N}`, `{$not: X}`, `{$each: X}`.
enum CaseMatch {
  /// Each difference as `path: what`, empty when all matches. `actual` nil: the member is not there.
  static func differences(_ expected: Value, _ actual: Value?, at path: String) -> [String] {
    if case .string(let word) = expected, word.hasPrefix("$") { return matcher(word, actual, path) }
    guard let actual else { return expected.isNull ? [] : ["\(path): missing, expected \(short(expected))"] }
    switch (expected, actual) {
    case (.object(let map), _) where map.keys.first?.hasPrefix("$") == true && map.keys.first != "$exact":
      return map.flatMap { special($0.key, $0.value, actual, path) }
    case (.object(let want), .object(let have)):
      var found = want.flatMap { $0.key == "$exact" ? [] : differences($0.value, have[$0.key], at: "\(path).\($0.key)") }
      if want["$exact"] == .bool(true) { found += have.keys.filter { !want.has($0) }.map { "\(path).\($0): not expected" } }
      return found
    case (.list(let want), .list(let have)):
      if want.count != have.count { return ["\(path): \(have.count) items, expected \(want.count): \(short(actual))"] }
      return zip(want, have).enumerated().flatMap { differences($1.0, $1.1, at: "\(path)[\($0)]") }
    default:
      if expected == actual { return [] }
      if let a = expected.double, let b = actual.double, a == b { return [] }
      return ["\(path): \(short(actual)), expected \(short(expected))"]
    }
  }

  private static func matcher(_ word: String, _ actual: Value?, _ path: String) -> [String] {
    guard let actual else { return word == "$absent" ? [] : ["\(path): missing, expected \(word)"] }
    let good: Bool
    switch word {
    case "$any": good = true
    case "$absent": good = false
    case "$null": good = actual.isNull
    case "$string": good = actual.string != nil
    case "$nonempty": good = !(actual.string ?? "").isEmpty || !(actual.list ?? []).isEmpty || !(actual.object?.isEmpty ?? true)
    case "$integer": good = actual.int != nil
    case "$number": good = actual.double != nil
    case "$boolean": good = actual.bool != nil
    case "$list": good = actual.list != nil
    case "$map": good = actual.object != nil
    case "$uuid": good = actual.string.map { $0.count == 36 && UUID(uuidString: $0) != nil && $0 == $0.lowercased() } ?? false
    case "$objectid": good = actual.string.map { $0.count == 24 && UID(objectID: $0) != nil && $0 == $0.lowercased() } ?? false
    case "$timestamp": good = actual.string.map { Timestamp($0) != nil } ?? false
    default: return ["\(path): the case uses an unknown matcher \(word)"]
    }
    return good ? [] : ["\(path): \(short(actual)), expected \(word)"]
  }

  private static func special(_ word: String, _ argument: Value, _ actual: Value, _ path: String) -> [String] {
    let fault: Bool
    switch word {
    case "$regex":
      fault = !(actual.string.map { $0.range(of: argument.string ?? "", options: .regularExpression) != nil } ?? false)
    case "$contains":
      fault = !(argument.list ?? [argument]).allSatisfy { want in
        (actual.list ?? []).contains { differences(want, $0, at: "").isEmpty }
      }
    case "$without":
      fault = (argument.list ?? [argument]).contains { want in
        (actual.list ?? []).contains { differences(want, $0, at: "").isEmpty }
      }
    case "$size": fault = (actual.list?.count ?? actual.object?.count ?? actual.string?.count) != argument.int
    case "$least": fault = (actual.list.map { Double($0.count) } ?? actual.double ?? -.infinity) < (argument.double ?? .infinity)
    case "$not": fault = differences(argument, actual, at: "").isEmpty
    case "$each":
      guard let items = actual.list else { return ["\(path): \(short(actual)), expected a list"] }
      return items.enumerated().flatMap { differences(argument, $1, at: "\(path)[\($0)]") }
    default: return ["\(path): the case uses an unknown matcher \(word)"]
    }
    return fault ? ["\(path): \(short(actual)), expected \(word) \(short(argument))"] : []
  }

  static func short(_ value: Value) -> String {
    let text = JSON.text(value)
    return text.count > 300 ? text.prefix(300) + "…" : text
  }
}
