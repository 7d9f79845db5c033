// Objects in the forms that -o names: table, wide, json, yaml, name.
import Core
import Documents

struct ObjectText {
  let console: Console
  /// table, wide, json, yaml or name.
  let form: String
  let now: Timestamp
  static let forms = ["table", "wide", "json", "yaml", "name"]

  /// Several objects, one kind after another. `single`: one was asked for by name, so that JSON shows no list.
  func write(_ objects: [Value], single: Bool) -> String {
    switch form {
    case "json": return JSON.pretty(single && objects.count == 1 ? objects[0] : ["items": .list(objects)]) + "\n"
    case "yaml": return YAMLWriter.write(documents: objects)
    case "name": return objects.map { Self.label($0) + "\n" }.joined()
    default: return tables(objects)
    }
  }

  static func label(_ object: Value) -> String { "\(object["kind"].string ?? "")/\(object["metadata"]["name"].string ?? "")" }

  /// `True`, or the reason why not.
  static func ready(_ object: Value) -> String {
    if object["metadata"]["deleting"].string != nil { return "Deleting" }
    if object["ready"].bool == true { return "True" }
    return condition(object)?["reason"].string ?? "Waiting"
  }

  static func condition(_ object: Value) -> Value? {
    (object["status"]["conditions"].list ?? []).first { $0["type"].string == "Ready" }
  }

  private func tables(_ objects: [Value]) -> String {
    var kinds: [String] = []
    var groups: [String: [Value]] = [:]
    for object in objects {
      let kind = object["kind"].string ?? ""
      if groups[kind] == nil { kinds.append(kind) }
      groups[kind, default: []].append(object)
    }
    if kinds.count > 1, form == "table" { return overview(objects) }
    return kinds.map { table(kind: $0, groups[$0] ?? [], prefix: kinds.count > 1) }.joined(separator: "\n")
  }

  static let longestMessage = 80

  /// Objects of several kinds: one line each, with what those that are not ready wait for.
  private func overview(_ objects: [Value]) -> String {
    Table.write(
      ["OBJECT", "READY", "AGE", "MESSAGE"],
      objects.map { object in
        let message = object["ready"].bool == true ? "" : Self.condition(object)?["message"].string ?? ""
        return [
          Self.label(object), Self.ready(object), Age.text(object["metadata"]["createdAt"], now: now),
          message.count > Self.longestMessage ? message.prefix(Self.longestMessage - 1) + "…" : message,
        ]
      }, console: console)
  }

  private func table(kind: String, _ objects: [Value], prefix: Bool) -> String {
    let wide = form == "wide"
    let tenants = Set(objects.map { $0["metadata"]["tenant"].string ?? "" }).count > 1
    let columns = Self.columns(objects, most: wide ? 5 : 3)
    var head = (tenants || wide ? ["TENANT"] : []) + ["NAME", "READY"] + columns.map(Self.heading) + ["AGE"]
    if wide { head += ["GEN", "MESSAGE", "UID"] }
    let rows = objects.map { object in
      let metadata = object["metadata"]
      var row = tenants || wide ? [metadata["tenant"].string ?? ""] : []
      let name = metadata["name"].string ?? ""
      row += [prefix ? "\(kind)/\(name)" : name, Self.ready(object)]
      row += columns.map { column in
        Self.cell(object["status"][column].isNull ? object["spec"][column] : object["status"][column])
      }
      row.append(Age.text(metadata["createdAt"], now: now))
      if wide {
        row += [
          metadata["generation"].int.map(String.init) ?? "", Self.condition(object)?["message"].string ?? "",
          metadata["uid"].string ?? "",
        ]
      }
      return row
    }
    return Table.write(head, rows, console: console)
  }

  /// The first short fields that objects of the page have.
  private static func columns(_ objects: [Value], most: Int) -> [String] {
    var names: [String] = []
    for object in objects.prefix(50) {
      for (key, value) in object["spec"].object ?? ObjectMap() where !names.contains(key) {
        // The name has its column already.
        if value == object["metadata"]["name"] { continue }
        switch value {
        case .object, .list, .null: continue
        case .string(let text) where text.count > 40: continue
        default: names.append(key)
        }
      }
      if names.count >= most { break }
    }
    return Array(names.prefix(most))
  }

  /// `costCents` → `COST-CENTS`
  static func heading(_ field: String) -> String {
    var out = ""
    for c in field {
      if c.isUppercase, !out.isEmpty { out += "-" }
      out += c.uppercased()
    }
    return out
  }

  static func cell(_ value: Value) -> String {
    switch value {
    case .null: ""
    case .string(let text): text.count > 60 ? text.prefix(59) + "…" : text
    default: JSON.text(value)
    }
  }
}
