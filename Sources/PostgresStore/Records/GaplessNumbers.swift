// Numbers without gaps for record kinds: taken in the statement that appends the rows, given back when the transaction is.
import Core
import Kinds

struct GaplessSQL {
  let table: RecordTable

  private var fields: [(field: FieldSpec, prefix: String, width: Int)] {
    table.kind.fields.compactMap { field in
      if case .gapless(let prefix, let width)? = field.generate?.source { (field, prefix, width) } else { nil }
    }
  }

  /// The INSERT of the rows of `source` (as `w`), and the members of WITH before it.
  /// The counter's row is locked until the transaction ends, so that numbers follow the order of commits.
  func insertion(names: String, source: String) -> (with: String, insert: String) {
    let fields = fields
    if fields.isEmpty { return ("", "INSERT INTO \(table.name) (\(names)) SELECT \(names) FROM \(source)") }
    // A row that is there already takes no number.
    let absent = "NOT EXISTS (SELECT 1 FROM \(table.name) o WHERE o.tenant = w.tenant AND o.at = w.at AND o.uid = w.uid)"
    var with = "WITH fresh AS MATERIALIZED (SELECT w.* FROM \(source) \(source.contains("WHERE") ? "AND" : "WHERE") \(absent))"
    var columns = names.split(separator: ", ").map(String.init)
    for (n, entry) in fields.enumerated() {
      with += """
        , number\(n) AS (INSERT INTO sequence AS s (tenant, name, next)
          SELECT tenant, 'gapless/\(table.kind.name).\(entry.field.name)', 1 + count(*) FROM fresh GROUP BY tenant ORDER BY tenant
          ON CONFLICT (tenant, name) DO UPDATE SET next = s.next + excluded.next - 1 RETURNING tenant, next)
        """
      let number = """
        ((SELECT next FROM number\(n) c WHERE c.tenant = fresh.tenant) - count(*) OVER (PARTITION BY tenant) - 1
          + row_number() OVER (PARTITION BY tenant ORDER BY at, uid))
        """
      let text = "\(number)::text"
      let column = table.columns.first { $0.field == entry.field.name }?.name ?? ""
      if let at = columns.firstIndex(of: column) {
        columns[at] =
          "'\(entry.prefix.replacing("'", with: "''"))' || lpad(\(text), greatest(\(entry.width), length(\(text))), '0')"
      }
    }
    return (with + " ", "INSERT INTO \(table.name) (\(names)) SELECT \(columns.joined(separator: ", ")) FROM fresh")
  }
}
