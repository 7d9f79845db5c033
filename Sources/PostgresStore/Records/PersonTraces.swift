// Forgets a person in the tables: what is about him alone is deleted, what others need keeps its facts without his address.
import Core
import Kinds
import Ports

extension PostgresStore: Anonymizing {
  /// Kinds whose texts say who did something: a mail, a message, an invitation.
  private static let telling = ["OutgoingMail", "Message", "Invitation", "TenantEvent"]
  /// Copies of an object's fields, by its uid: of the person's own only what happened stays.
  private static let copying = "TenantEvent"

  /// Reads whole tables, since nothing is indexed by what is said in a text: it is asked for seldom. No head is locked.
  public func anonymize(_ wanted: Anonymization) async throws -> [String: Int] {
    let tables = recordTables.tables.values.sorted { $0.plainName < $1.plainName }
    let numbers = dictionary.numbers
    let told = Self.telling.compactMap { numbers[$0] }.sorted()
    return try await pool.run { connection in
      try connection.transaction {
        // Memberships and invitations of before, which are named by the address.
        let former = try connection.query("SELECT DISTINCT uid FROM history WHERE name = $1", [.text(wanted.address)]).map {
          $0.uid(0)
        }
        let uids = Set(wanted.uids + former).sorted()
        var counts: [String: Int] = [:]
        func run(_ table: String, _ sql: String, _ parameters: [Parameter]) throws {
          let changed = try connection.query(sql, parameters).affected
          if changed > 0 { counts[table, default: 0] += changed }
        }
        let (address, alias) = (Parameter.text(wanted.address), Parameter.text(wanted.alias))
        try run("history", "DELETE FROM history WHERE uid = ANY($1::uuid[]) OR name = $2", [.uids(uids), address])
        for table in ["story", "effect", "last_used"] {
          try run(table, "DELETE FROM \(table) WHERE uid = ANY($1::uuid[])", [.uids(uids)])
        }
        try run(
          "inventory",
          """
          DELETE FROM inventory i WHERE uid = ANY($1::uuid[]) AND NOT EXISTS (SELECT 1 FROM object o WHERE o.tenant = i.tenant
            AND o.uid = i.uid AND NOT o.deleted)
          """, [.uids(uids)])
        try run("change", "UPDATE change SET name = $2 WHERE name = $1", [address, alias])
        // Who did something is written as `user:ADDRESS`.
        let (actor, nobody) = (Parameter.text(":\(wanted.address)"), Parameter.text(":\(wanted.alias)"))
        try run(
          "commit_log",
          "UPDATE commit_log SET actor = replace(actor, $1::text, $2::text) WHERE right(actor, length($1::text)) = $1::text",
          [actor, nobody])
        for table in ["object", "history"] {
          try run(
            table,
            """
            UPDATE \(table) SET spec = replace(spec::text, $1::text || '"', $2::text || '"')::jsonb,
              owners = replace(owners::text, $1::text || '"', $2::text || '"')::jsonb
            WHERE strpos(spec::text, $1::text || '"') > 0 OR strpos(owners::text, $1::text || '"') > 0
            """, [actor, nobody])
        }
        let copies = numbers[Self.copying].map { [$0] } ?? []
        for table in ["object", "history"] {
          try run(
            table,
            """
            UPDATE \(table) SET spec = spec - 'data' - 'subjectName'
            WHERE kind = ANY($1::bigint[]) AND spec->>'subjectId' = ANY($2::text[]) AND spec ?| ARRAY['data', 'subjectName']
            """, [.ints(copies), .texts(uids.map(\.description))])
        }
        for table in ["object", "history"] {
          try run(
            table,
            """
            UPDATE \(table) SET spec = regexp_replace(spec::text, $1::text, $2::text, 'gi'::text)::jsonb
            WHERE kind = ANY($3::bigint[]) AND spec::text ~* $1::text
            """, [.text(Self.pattern(wanted.address)), alias, .ints(told)])
        }
        try run(
          "kv", "DELETE FROM kv WHERE key LIKE 'identity/%' AND strpos(value::text, $1::text) > 0",
          [.text(JSON.text(.string(wanted.address)))])
        for uid in uids {
          try run("kv", "DELETE FROM kv WHERE key LIKE 'identity/%' AND strpos(key, $1::text) > 0", [.text(uid.description)])
        }
        for table in tables { try Self.forget(wanted, uids, in: table, run) }
        return counts
      }
    }
  }

  private static func forget(
    _ wanted: Anonymization, _ uids: [UID], in table: RecordTable, _ run: (String, String, [Parameter]) throws -> Void
  ) throws {
    let columns = table.columns.filter { $0.type == "text" || $0.type == "jsonb" }
    func column(_ field: String) -> String? { columns.first { $0.field == field && $0.type == "text" }?.name }
    // The audit log names its objects by what people call them: of the person's own the deed stays, and nothing else.
    if let target = column("target"), let name = column("targetName"), let message = column("message"),
      let action = column("action")
    {
      try run(
        table.plainName,
        """
        UPDATE \(table.name) SET \(message) = \(action) || ': ' || $2::text, \(name) = $2::text
        WHERE \(target) = ANY($1::text[]) AND \(message) IS DISTINCT FROM \(action) || ': ' || $2::text
        """, [.texts(uids.map(\.description)), .text(wanted.alias)])
    }
    if columns.isEmpty { return }
    func replaced(_ column: RecordTable.Column) -> String {
      let text = "regexp_replace(\(column.name)\(column.type == "jsonb" ? "::text" : ""), $1::text, $2::text, 'gi'::text)"
      return "\(column.name) = " + (column.type == "jsonb" ? "\(text)::jsonb" : text)
    }
    try run(
      table.plainName,
      "UPDATE \(table.name) SET \(columns.map(replaced).joined(separator: ", ")) WHERE "
        + columns.map { "\($0.name)::text ~* $1::text" }.joined(separator: " OR "),
      [.text(pattern(wanted.address)), .text(wanted.alias)])
  }

  /// The address as a whole word: not the end of a longer one, nor its beginning.
  private static func pattern(_ address: String) -> String {
    let escaped = address.map { $0.isLetter || $0.isNumber || $0 == "@" ? String($0) : "\\" + String($0) }.joined()
    return "(?<![A-Za-z0-9._%+-])\(escaped)(?![A-Za-z0-9-]|\\.[A-Za-z0-9])"
  }
}
