// A plan as Markdown, for a comment on a pull request.
import Core

enum PlanMarkdown {
  /// Objects beyond this are only counted: code hosts cut long comments.
  static let objects = 200

  static func write(_ plan: Value, set: String) -> String {
    let items = (plan["items"].list ?? []).filter { $0["action"].string != "unchanged" }
    let counts = plan["summary"]
    var text = "### Plumb plan for `\(set)`\n\n"
    if items.isEmpty { return text + "Nothing to do: the platform is as these manifests say.\n" }
    let parts = ["create", "update", "replace", "rename", "adopt", "restore", "delete", "unchanged"].compactMap { word in
      counts[word].int.flatMap { $0 > 0 ? "**\($0)** \(word == "unchanged" ? word : "to " + word)" : nil }
    }
    text += parts.joined(separator: ", ") + "\n\n```diff\n"
    for item in items.prefix(objects) {
      let action = item["action"].string ?? ""
      let sign = PlanText.sign(action).0
      text += "\(sign == "~" ? "!" : sign) \(action) \(fenced("\(item["kind"].string ?? "")/\(item["name"].string ?? "")"))"
      if let former = item["formerName"].string { text += " (was \(fenced(former)))" }
      if let forced = item["forcedBy"].list?.compactMap(\.string), !forced.isEmpty {
        text += " (forced by \(fenced(forced.joined(separator: ", "))))"
      }
      text += item["reason"].string.map { "  (\(fenced($0)))" } ?? ""
      text += "\n"
      for effect in (item["effects"].list ?? []).compactMap(\.string) { text += "    > \(fenced(effect))\n" }
      if action == "delete" { continue }
      for change in item["changes"].list ?? [] where change["default"].bool != true {
        text += "    \(fenced(PlanText.change(change, creates: action == "create")))\n"
      }
    }
    text += "```\n"
    for ask in (plan["asks"].list ?? []).compactMap({ $0["message"].string }) { text += "\n> **Asks first:** \(fenced(ask))\n" }
    if items.count > objects { text += "\nand \(items.count - objects) more.\n" }
    let warnings = (plan["warnings"].list ?? []).prefix(objects).compactMap { Problem($0) }
    if !warnings.isEmpty { text += "\n**Warnings**\n\n" }
    for warning in warnings { text += "- \(fenced("\(warning)").replacing("<", with: "&lt;"))\n" }
    return text
  }

  /// Text that cannot end the fence it stands in.
  private static func fenced(_ text: String) -> String {
    text.split(separator: "`", omittingEmptySubsequences: false).joined(separator: "'").split(separator: "\n").joined(
      separator: " ")
  }
}
