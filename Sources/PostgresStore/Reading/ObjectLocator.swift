// Where the fields of an object stand in `object o LEFT JOIN observed s`.
import Core
import Kinds
import Ports

struct ObjectLocator: FieldLocating {
  let kind: KindSpec?
  /// Field → slot column.
  let slots: [String: String]

  func column(_ path: FieldPath, _ b: inout StatementBuilder) -> FieldColumn {
    switch path {
    case .uid: return .uid("o.uid")
    case .name: return .text("o.name")
    case .created: return .time("o.created")
    case .updated: return .time("o.updated")
    case .version: return .number("o.version")
    case .label(let key): return .text("(o.labels ->> \(b.bind(.text(key), "text")))")
    case .spec(let steps):
      let type = Self.type(of: steps, in: kind)
      guard steps.count == 1, let slot = slots[steps[0]] else { return .json(Self.document("o.spec", steps, &b), type) }
      // A field with a slot is one of the catalog's: its name may stand in the statement.
      let document = "(o.spec -> \(DatabaseAddress.literal(steps[0])))"
      switch slot.first {
      case "i": return .number("o.\(slot)")
      case "d": return .time("o.\(slot)")
      default: return type == .boolean ? .flag("o.\(slot)", whole: document) : .slot("o.\(slot)", whole: document)
      }
    case .status(let steps): return .json(Self.document("s.status", steps, &b), Self.type(of: steps, in: kind))
    }
  }

  private static func document(_ column: String, _ steps: [String], _ b: inout StatementBuilder) -> String {
    if steps.isEmpty { return column }
    if steps.count == 1 { return "(\(column) -> \(b.bind(.text(steps[0]), "text")))" }
    return "(\(column) #> \(b.bind(.texts(steps), "text[]")))"
  }

  /// The declared type at a path; nil where the kind says nothing.
  static func type(of steps: [String], in kind: KindSpec?) -> FieldSpec.FieldType? {
    guard let first = steps.first, var field = kind?.field(first) else { return nil }
    for step in steps.dropFirst() {
      if field.type == .map || field.type == .list, let of = field.of {
        field = of
      } else if let member = field.fields.first(where: { $0.name == step }) {
        field = member
      } else {
        return nil
      }
    }
    return field.type == .any ? nil : field.type
  }
}

/// An ordering and its continuation: nulls last ascending, first descending, the uid last of all.
struct OrderSQL {
  let keys: [(sql: String, type: String, descending: Bool)]
  /// Text of which a slot holds the first characters: values of cursors are cut alike. (A second name of type `text`.)
  private static let slotType = "pg_catalog.text"

  init(_ sort: [(path: FieldPath, descending: Bool)], _ locator: ObjectLocator, _ b: inout StatementBuilder) {
    keys = sort.map { key in
      let (sql, type) = Self.comparable(locator.column(key.path, &b))
      return (sql, type, key.descending)
    }
  }

  var sql: String {
    (keys.map { "\($0.sql) \($0.descending ? "DESC" : "ASC")" } + ["o.uid"]).joined(separator: ", ")
  }

  private static func comparable(_ column: FieldColumn) -> (String, String) {
    switch column {
    case .uid(let sql): (sql, "uuid")
    case .text(let sql): ("\(sql) COLLATE \"C\"", "text")
    case .number(let sql): (sql, "numeric")
    case .time(let sql): (sql, "timestamptz")
    case .slot(let sql, _), .flag(let sql, _): (sql, Self.slotType)
    case .json(let sql, .integer), .json(let sql, .number), .json(let sql, .decimal): ("as_number(\(sql))", "numeric")
    case .json(let sql, .timestamp): ("as_time(\(sql))", "timestamptz")
    case .json(let sql, _): ("(\(sql) #>> '{}') COLLATE \"C\"", "text")
    }
  }

  /// The rows that come after the given one.
  func after(_ values: [Value], uid: UID, _ b: inout StatementBuilder) throws -> String {
    guard values.count == keys.count else {
      throw Problem(
        .invalid, code: "bad_cursor", "The cursor does not fit the order of this list.", fix: "Start from the first page.")
    }
    var clauses: [String] = []
    var prefix = ""
    for (key, value) in zip(keys, values) {
      let parameter = try Self.parameter(value, key.type)
      let bound = value.isNull ? "" : b.bind(parameter, key.type)
      switch (key.descending, value.isNull) {
      case (false, false): clauses.append("(\(prefix)(\(key.sql) > \(bound) OR \(key.sql) IS NULL))")
      case (false, true): break
      case (true, false): clauses.append("(\(prefix)\(key.sql) < \(bound))")
      case (true, true): clauses.append("(\(prefix)\(key.sql) IS NOT NULL)")
      }
      prefix += value.isNull ? "\(key.sql) IS NULL AND " : "\(key.sql) = \(bound) AND "
    }
    clauses.append("(\(prefix)o.uid > \(b.bind(.uid(uid), "uuid")))")
    return "(" + clauses.joined(separator: " OR ") + ")"
  }

  private static func parameter(_ value: Value, _ type: String) throws -> Parameter {
    let fault = Problem(
      .invalid, code: "bad_cursor", "The cursor does not fit the order of this list.", fix: "Start from the first page.")
    switch (type, value) {
    case (_, .null): return .null
    case ("timestamptz", .string(let text)): if let time = Timestamp(text) { return .time(time) }
    case ("numeric", .int(let number)): return .int(number)
    case ("numeric", .double(let number)) where number.isFinite: return .text("\(number)")
    case ("numeric", .string(let text)):
      if text.utf8.count <= 200, Double(text)?.isFinite == true, text.allSatisfy({ $0.isNumber || "-+.".contains($0) }) {
        return .text(text)
      }
    case ("uuid", .string(let text)): if let uid = UID(text) { return .uid(uid) }
    case (slotType, .string(let text)): return .text(SlotText.cut(text))
    case ("text", .string(let text)): return .text(text)
    case (slotType, .bool(let flag)), ("text", .bool(let flag)): return .text(flag ? "true" : "false")
    case (slotType, let other), ("text", let other): return .text(JSON.text(other))
    default: break
    }
    throw fault
  }
}
