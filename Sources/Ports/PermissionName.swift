// Named permissions with wildcards: whether one that is held grants one that is asked for. The one place that knows.

/// `App.read`, `customers.view`, `sales:orders.create`: words between dots or colons. In what is held, `*` stands for one word, and at
/// the end for all that follow; `write` grants every action of its kind but `read`.
public enum PermissionName {
  /// Whether `held` grants `action` on `kind`.
  public static func grants(_ held: String, _ action: String, _ kind: String) -> Bool {
    if held == "*" || held == "*.*" { return true }
    guard let dot = held.lastIndex(of: ".") else { return false }
    let (subject, verb) = (held[..<dot], held[held.index(after: dot)...])
    guard subject == "*" || subject == kind else { return false }
    return verb == "*" || verb == action || (verb == "write" && action != "read")
  }

  /// Whether `held` covers `wanted`, a name as a catalog writes it. Exact, or by a `*` in place of a word.
  public static func covers(_ held: String, _ wanted: String) -> Bool {
    if held == wanted || held == "*" { return true }
    guard held.contains("*") else { return false }
    let have = words(held)
    let want = words(wanted)
    for (at, word) in have.enumerated() {
      if word == "*", at == have.count - 1 { return want.count > at }
      guard at < want.count, word == "*" || word == want[at] else { return false }
    }
    return have.count == want.count
  }

  private static func words(_ name: String) -> [Substring] { name.split { $0 == "." || $0 == ":" } }
}
