// A plan for people: what would be made, changed and deleted, field by field, with who set the old values. Secrets are masked.
import Core

struct PlanText {
  let console: Console

  /// Lines for each object, then a summary. `done` speaks of what was done, not of what would be, and leaves out the fields of
  /// new objects, which their manifests show.
  func write(_ plan: Value, done: Bool) -> String {
    var text = ""
    for item in plan["items"].list ?? [] { text += self.item(item, done: done) }
    for warning in (plan["warnings"].list ?? []).compactMap({ Problem($0) }) {
      text += console.styled("! warning: \(warning)", .yellow) + "\n"
    }
    for ask in (plan["asks"].list ?? []).compactMap({ $0["message"].string }) {
      text += console.styled("! asks first: \(ask)", .yellow) + "\n"
    }
    return text + summary(plan, done: done) + "\n"
  }

  /// `2 created, 1 updated, 997 unchanged` or `2 to create, …`.
  func summary(_ plan: Value, done: Bool) -> String {
    let counts = plan["summary"]
    let words = [
      ("create", done ? "created" : "to create"), ("update", done ? "updated" : "to update"),
      ("replace", done ? "replaced" : "to replace"), ("rename", done ? "renamed" : "to rename"),
      ("adopt", done ? "adopted" : "to adopt"),
      ("restore", done ? "restored" : "to restore"), ("delete", done ? "deleted" : "to delete"), ("unchanged", "unchanged"),
    ]
    let parts = words.compactMap { key, word in counts[key].int.flatMap { $0 > 0 ? "\($0) \(word)" : nil } }
    if parts.isEmpty { return "nothing to do" }
    return parts.joined(separator: ", ")
  }

  static func sign(_ action: String) -> (String, Console.Style) {
    switch action {
    case "create", "restore": ("+", .green)
    case "replace": ("±", .red)
    case "delete": ("-", .red)
    case "unchanged": (" ", .dim)
    default: ("~", .yellow)
    }
  }

  private func item(_ item: Value, done: Bool) -> String {
    let action = item["action"].string ?? ""
    if action == "unchanged" { return "" }
    let (sign, style) = Self.sign(action)
    var head = "\(sign) \(action) \(item["kind"].string ?? "")/\(item["name"].string ?? "")"
    if let former = item["formerName"].string {
      head = "\(sign) rename \(item["kind"].string ?? "")/\(former) -> \(item["name"].string ?? "")"
    }
    if let forced = item["forcedBy"].list?.compactMap(\.string), !forced.isEmpty {
      head += "  (forced by \(forced.joined(separator: ", ")))"
    }
    if let reason = item["reason"].string { head += "  (\(reason))" }
    var text = console.styled(head, style) + "\n"
    if !done {
      for effect in (item["effects"].list ?? []).compactMap(\.string) {
        text += "    " + console.styled("> \(Table.clean(effect))", .cyan) + "\n"
      }
    }
    if action == "delete" || (action == "create" && done) { return text }
    for change in item["changes"].list ?? [] where change["default"].bool != true {
      text += "    " + Self.change(change, creates: action == "create") + "\n"
    }
    return text
  }

  /// `spec.port: 8080 -> 9090  (was set by set:shop at shop.yaml:12)`
  static func change(_ change: Value, creates: Bool) -> String {
    let path = change["path"].string ?? ""
    if change["secret"].bool == true { return "\(path): \(creates ? "(secret)" : "(secret, changed)")" }
    if creates { return "\(path): \(shown(change["after"]))" }
    var text = "\(path): \(shown(change["before"])) -> \(shown(change["after"]))"
    if let owner = owner(change["owner"]) { text += "  (was set by \(owner))" }
    return text
  }

  static func owner(_ owner: Value) -> String? {
    guard let manager = owner["manager"].string else { return nil }
    var text = manager
    if manager == "api", let actor = owner["actor"].string { text = actor }
    if let file = owner["file"].string { text += " at \(file)" + (owner["line"].int.map { ":\($0)" } ?? "") }
    if let commit = owner["commit"].string { text += " in \(commit.prefix(12))" }
    return text
  }

  static let longest = 120

  /// A value on one line; long ones are cut.
  static func shown(_ value: Value) -> String {
    let text: String
    switch value {
    case .null: return "(none)"
    case .string(let string) where isPlain(string): text = string
    default: text = JSON.text(value)
    }
    return text.count > longest ? text.prefix(longest - 1) + "…" : text
  }

  private static func isPlain(_ string: String) -> Bool {
    !string.isEmpty && string.utf8.allSatisfy { $0 > 32 && $0 != 34 && $0 != 127 } && Double(string) == nil && string != "true"
      && string != "false" && string != "null"
  }
}
