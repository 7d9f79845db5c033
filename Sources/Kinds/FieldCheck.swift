// Checks values against fields: manifests, request bodies and what controllers write pass through here. Pure.
import Core

/// Every fault of a value, each with a JSON pointer. References are checked for form here, for existence by the planner.
public struct FieldCheck: Sendable {
  /// Who speaks.
  public enum Mode: Sendable { case manifest, api, controller }

  public let mode: Mode
  /// Absent required fields are no fault (PATCH).
  public let partial: Bool
  /// More faults than this are not collected.
  public static let limit = 1000

  public init(mode: Mode, partial: Bool = false) {
    self.mode = mode
    self.partial = partial
  }

  /// The faults of `value`, which must be an object with members as `fields` say. Problems have category `invalid`, a code
  /// (`unknown_field`, `read_only`, `required`, `type`, `enum`, `min`, `max`, `pattern`, `format`, `secret`, `reference`,
  /// `duplicate`) and a pointer that begins with `pointer`.
  public static func check(
    _ value: Value, against fields: [FieldSpec], mode: Mode, partial: Bool = false, pointer: String = "/spec"
  ) -> [Problem] {
    var problems: [Problem] = []
    FieldCheck(mode: mode, partial: partial).object(value, fields, pointer, &problems)
    return problems
  }

  /// The faults of one field's value.
  public static func check(_ value: Value, field: FieldSpec, mode: Mode, pointer: String) -> [Problem] {
    var problems: [Problem] = []
    FieldCheck(mode: mode, partial: false).value(value, field, pointer, &problems)
    return problems
  }

  /// `~` and `/` in a member's name, as RFC 6901 writes them.
  public static func escape(_ key: String) -> String {
    key.utf8.contains { $0 == 126 || $0 == 47 }
      ? key.split(separator: "~", omittingEmptySubsequences: false).joined(separator: "~0")
        .split(separator: "/", omittingEmptySubsequences: false).joined(separator: "~1") : key
  }

  func fault(_ code: String, _ message: String, _ pointer: String, _ problems: inout [Problem], fix: String? = nil) {
    if problems.count < Self.limit { problems.append(Problem(.invalid, code: code, message, pointer: pointer, fix: fix)) }
  }

  // MARK: Objects

  private func object(_ value: Value, _ fields: [FieldSpec], _ pointer: String, _ problems: inout [Problem]) {
    guard case .object(let map) = value else {
      return fault("type", "a map is expected, not \(Self.shown(value))", pointer, &problems)
    }
    for n in map.keys.indices {
      let key = map.keys[n]
      let at = pointer + "/" + Self.escape(key)
      guard let field = fields.first(where: { $0.name == key }) else {
        let near = nearestName(to: key, among: fields.map(\.name))
        let known = fields.filter { writes($0) == nil }.map(\.name)
        let fix =
          near.map { "Did you mean \"\($0)\"?" }
          ?? (known.count <= 12 && !known.isEmpty ? "Known: \(known.joined(separator: ", "))." : nil)
        fault("unknown_field", "there is no field \"\(key)\"", at, &problems, fix: fix)
        continue
      }
      if let reason = writes(field) {
        fault("read_only", "\"\(key)\" cannot be written here: \(reason)", at, &problems, fix: "Remove it.")
      } else {
        self.value(map.values[n], field, at, &problems)
      }
    }
    if partial { return }
    for field in fields where field.required && (map[field.name] ?? .null).isNull && isMissed(field) {
      fault("required", "\"\(field.name)\" is required", pointer + "/" + Self.escape(field.name), &problems, fix: field.doc)
    }
  }

  private func isMissed(_ field: FieldSpec) -> Bool {
    field.defaultValue == nil && field.generate == nil && field.computed == nil && writes(field) == nil
  }

  /// Why the field cannot be written in this mode; nil when it can.
  private func writes(_ field: FieldSpec) -> String? {
    if field.computed != nil { return "it is computed" }
    switch (mode, field.writer) {
    case (.manifest, .api): return "it is operational, written only through the API"
    case (.manifest, .controller), (.api, .controller): return "it is observed, written only by its controller"
    default: return nil
    }
  }

  // MARK: Values

  func value(_ value: Value, _ field: FieldSpec, _ pointer: String, _ problems: inout [Problem]) {
    if value.isNull {
      if partial, field.required { fault("required", "\"\(field.name)\" is required and cannot be cleared", pointer, &problems) }
      return
    }
    if field.secret != nil, mode == .manifest { return secret(value, pointer, &problems) }
    if field.reference != nil, field.type != .list { return reference(value, field, pointer, &problems) }
    switch field.type {
    case .object: object(value, field.fields, pointer, &problems)
    case .list: list(value, field, pointer, &problems)
    case .map: map(value, field, pointer, &problems)
    case .any: break
    default: scalar(value, field, pointer, &problems)
    }
  }

  private func list(_ value: Value, _ field: FieldSpec, _ pointer: String, _ problems: inout [Problem]) {
    guard case .list(let items) = value else {
      return fault("type", "a list is expected, not \(Self.shown(value))", pointer, &problems, fix: "Write it as [ … ].")
    }
    bounds(Double(items.count), field, "items", pointer, &problems)
    guard let of = field.of else { return }
    var seen: [Value: Int] = [:]
    for (n, item) in items.enumerated() {
      let at = "\(pointer)/\(n)"
      if item.isNull, of.type != .any {
        fault("type", "an item of the list is empty", at, &problems, fix: "Remove it or give it a value.")
      }
      self.value(item, of, at, &problems)
      guard let key = field.key, case .object(let members) = item, let identity = members[key] else { continue }
      if let first = seen.updateValue(n, forKey: identity) {
        fault(
          "duplicate", "two items have the \(key) \(Self.shown(identity)): \(first) and \(n)", at + "/" + Self.escape(key),
          &problems)
      }
    }
  }

  private func map(_ value: Value, _ field: FieldSpec, _ pointer: String, _ problems: inout [Problem]) {
    guard case .object(let members) = value else {
      return fault("type", "a map is expected, not \(Self.shown(value))", pointer, &problems, fix: "Write it as {key: value}.")
    }
    bounds(Double(members.count), field, "members", pointer, &problems)
    guard let of = field.of else { return }
    for n in members.keys.indices { self.value(members.values[n], of, pointer + "/" + Self.escape(members.keys[n]), &problems) }
  }

  private func secret(_ value: Value, _ pointer: String, _ problems: inout [Problem]) {
    let fix = "Write {secret: NAME, key: KEY} for a stored secret, or {env: VARIABLE} or {file: PATH} to have it read at apply."
    guard case .object(let map) = value else {
      return fault("secret", "a secret is never plain text in a manifest", pointer, &problems, fix: fix)
    }
    let isText = map.values.allSatisfy { $0.string.map { !$0.isEmpty } ?? false }
    if !isText || ![["key", "secret"], ["env"], ["file"]].contains(map.keys.sorted()) {
      fault("secret", "this is no reference to a secret", pointer, &problems, fix: fix)
    }
  }

  private func reference(_ value: Value, _ field: FieldSpec, _ pointer: String, _ problems: inout [Problem]) {
    guard let reference = field.reference else { return }
    switch value {
    case .string(let name):
      if name.isEmpty { fault("reference", "the name of a \(reference.kind) is expected", pointer, &problems) }
    case .int where mode != .manifest: break
    case .object(let map):
      if map.keys.contains(where: { $0 != "name" && $0 != "tenant" }) || map["name"]?.string?.isEmpty != false
        || map["tenant"]?.string?.isEmpty == true
      {
        fault("reference", "a reference is a name, or {name, tenant}", pointer, &problems)
      } else if map["tenant"] != nil, !reference.crossTenant {
        fault(
          "reference", "\"\(field.name)\" names a \(reference.kind) of the same tenant only", pointer, &problems,
          fix: "Write the name alone.")
      }
    default:
      fault(
        "type", "the name of a \(reference.kind) is expected, not \(Self.shown(value))", pointer, &problems,
        fix: Self.quoting(value))
    }
  }

  func bounds(_ size: Double, _ field: FieldSpec, _ unit: String, _ pointer: String, _ problems: inout [Problem]) {
    let (name, given) = (unit.isEmpty ? "" : " " + unit, unit.isEmpty ? Self.shown(size) : "\(Int(size))")
    if let min = field.min, size < min { fault("min", "at least \(Self.shown(min))\(name), not \(given)", pointer, &problems) }
    if let max = field.max, size > max { fault("max", "at most \(Self.shown(max))\(name), not \(given)", pointer, &problems) }
  }

  // MARK: Words

  static func shown(_ number: Double) -> String {
    number == number.rounded() && abs(number) < 1e15 ? "\(Int(number))" : "\(number)"
  }

  /// A value in a message: short, and never long enough to flood a terminal.
  static func shown(_ value: Value) -> String {
    switch value {
    case .string(let text): text.count <= 40 ? "\"\(text)\"" : "\"\(text.prefix(40))…\""
    case .list: "a list"
    case .object: "a map"
    default: JSON.text(value)
    }
  }

  static func quoting(_ value: Value) -> String? {
    switch value {
    case .int, .double, .bool: "Quote it: \"\(JSON.text(value))\"."
    default: nil
    }
  }
}
