// A kind as SQL files see it: typed columns over one tenant's live rows. Whatever the file says, the tenant is in here.
import Core
import Kinds

/// The definition of a table expression for one kind.
struct KindView {
  let kind: KindSpec
  let number: Int
  /// Quoted schema of the store's tables.
  let schema: String
  /// How the family shows ids of this kind.
  let style: KindSpec.IDStyle
  let record: RecordTable?

  /// SQL of the rows; `tenant` is the placeholder of the asking tenant.
  func sql(tenant: String) -> String {
    // What the platform shares is everybody's; what only the platform sees stands in its own rows.
    let home = kind.scope == .shared ? "'\(UID.rootTenant)'::uuid" : "\(tenant)::uuid"
    if let record {
      let columns =
        ["o.uid AS \"uid\"", "\(id("o.uid", name: nil)) AS \"id\"", "o.at AS \"createdAt\""] + record.columns.compactMap(column)
      return "SELECT \(columns.joined(separator: ", ")) FROM \(schema).\(record.name) o WHERE o.tenant = \(home)"
    }
    let columns =
      [
        "o.uid AS \"uid\"", "\(id("o.uid", name: "o.name")) AS \"id\"", "o.created AS \"createdAt\"",
        "o.updated AS \"updatedAt\"",
      ] + (kind.field("name") == nil ? ["o.name AS \"name\""] : []) + (kind.storage == .run ? Self.run(schema) : [])
      + kind.fields.filter(Self.isShown).map { "\(expression($0)) AS \(DatabaseAddress.identifier($0.name))" }
    return """
      SELECT \(columns.joined(separator: ", ")) FROM \(schema).object o LEFT JOIN \(schema).observed s ON s.tenant = o.tenant AND s.uid = o.uid
      WHERE o.tenant = \(home) AND o.kind = \(number)::smallint AND NOT o.deleted AND o.deleting IS NULL
      """
  }

  /// Columns that a file may name, for messages.
  var columns: [String] {
    let facts = record == nil ? ["uid", "id", "name", "createdAt", "updatedAt"] : ["uid", "id", "createdAt"]
    return facts + kind.fields.filter(Self.isShown).map(\.name)
  }

  private func id(_ uid: String, name: String?) -> String {
    switch style {
    case .name: name ?? "\(uid)::text"
    case .objectid: Self.objectID(uid)
    case .prefixed(let prefix): "'\(prefix.filter { $0 != "'" })' || replace(\(uid)::text, '-', '')"
    default: "\(uid)::text"
    }
  }

  /// As `UID.objectID` writes it.
  private static func objectID(_ uid: String) -> String {
    let hex = "replace(\(uid)::text, '-', '')"
    let milliseconds = "('x' || substr(\(hex), 1, 12))::bit(48)::bigint"
    return """
      CASE WHEN \(uid) = '\(UID.rootTenant)'::uuid THEN '\(UID.rootTenant.objectID ?? "")'
        WHEN substr(\(hex), 17, 1) = '8' AND substr(\(hex), 31, 2) = '00' AND \(milliseconds) % 1000 = 0
        THEN lpad(to_hex(\(milliseconds) / 1000), 8, '0') || substr(\(hex), 14, 3) || substr(\(hex), 18, 13) ELSE \(uid)::text END
      """
  }

  /// Secrets have no column, nor has what only CEL can compute.
  static func isShown(_ field: FieldSpec) -> Bool {
    func secret(_ field: FieldSpec) -> Bool {
      field.secret != nil || field.items.contains(where: secret) || field.fields.contains(where: secret)
    }
    return field.computed == nil && !secret(field)
  }

  private func column(_ column: RecordTable.Column) -> String? {
    guard let field = kind.field(column.field), Self.isShown(field) else { return nil }
    let name = DatabaseAddress.identifier(field.name)
    if field.reference != nil { return "o.\(column.name)::uuid AS \(name)" }
    return field.type == .decimal ? "o.\(column.name)::numeric AS \(name)" : "o.\(column.name) AS \(name)"
  }

  private func expression(_ field: FieldSpec) -> String {
    let key = "'\(field.name.replacing("'", with: "''"))'"
    let document = field.isObserved ? "s.status" : "o.spec"
    let text = "(\(document) ->> \(key))"
    if field.name == kind.identityField, !field.isObserved { return "coalesce(\(text), o.name)" }
    if field.reference != nil, field.type != .list { return "\(text)::uuid" }
    switch field.type {
    case .integer: return "\(schema).as_number(\(document) -> \(key))::bigint"
    case .number: return "\(schema).as_number(\(document) -> \(key))::double precision"
    case .decimal: return "\(schema).as_number(\(document) -> \(key))"
    case .boolean: return "\(text)::boolean"
    case .timestamp: return "\(schema).as_time(\(document) -> \(key))"
    case .date: return "\(text)::date"
    case .map, .list, .object, .any: return "(\(document) -> \(key))"
    case .string, .duration, .bytes, .blob: return text
    }
  }

  private static func run(_ schema: String) -> [String] {
    [
      "coalesce(s.status ->> 'phase', 'Waiting') AS \"phase\"", "\(schema).as_time(s.status -> 'startedAt') AS \"startedAt\"",
      "\(schema).as_time(s.status -> 'finishedAt') AS \"finishedAt\"", "(s.status -> 'result') AS \"result\"",
      "(s.status ->> 'error') AS \"error\"",
    ]
  }
}
