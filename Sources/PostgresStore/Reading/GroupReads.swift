// Objects gathered into groups with figures: one grouped statement.
import Core
import Kinds
import Ports

extension PostgresStore {
  public func groups(_ query: GroupQuery) async throws -> GroupPage {
    let kinds = dictionary
    let locator = ObjectLocator(kind: catalog.kind(query.objects.kind), slots: kinds.slots[query.objects.kind] ?? [:])
    var b = StatementBuilder()
    let tenant = b.bind(.uid(query.objects.tenant), "uuid")
    let filter = Self.filter(query.objects, kinds, locator, tenant: tenant, &b)
    let keys = query.by.map { Self.keyText(locator.column($0, &b)) }
    let figures = query.figures.map { figure -> (sql: String, isTime: Bool) in
      switch figure {
      case .least(let path): Self.figure("min", locator.column(path, &b))
      case .greatest(let path): Self.figure("max", locator.column(path, &b))
      case .sum(let path): Self.figure("sum", locator.column(path, &b))
      }
    }
    let names =
      keys.indices.map { "k\($0)" } + ["n"] + figures.indices.map { "f\($0)" }
    let columns = zip(keys + ["count(*)"] + figures.map(\.sql), names).map { "\($0) AS \($1)" }
    let order =
      query.sort.map { sort -> String in
        let column =
          switch sort.order {
          case .key(let at): "k\(at)"
          case .count: "n"
          case .figure(let at): "f\(at)"
          }
        return "\(column) \(sort.descending ? "DESC NULLS LAST" : "ASC NULLS LAST")"
      } + keys.indices.map { "k\($0)" }
    let grouping = keys.isEmpty ? "" : "GROUP BY " + keys.indices.map { "k\($0)" }.joined(separator: ", ")
    let ordering = order.isEmpty ? "" : "ORDER BY " + order.joined(separator: ", ")
    let limit = b.bind(.int(min(max(0, query.limit), Self.maxPage)), "bigint")
    let offset = b.bind(.int(max(0, query.offset)), "bigint")
    let sql = """
      WITH g AS MATERIALIZED (SELECT \(columns.joined(separator: ", ")) FROM \(ObjectRow.join) WHERE \(filter) \(grouping))
      SELECT t.total, x.* FROM (SELECT count(*) AS total FROM g) t
      LEFT JOIN LATERAL (SELECT 1 AS present, \(names.joined(separator: ", ")) FROM g \(ordering) LIMIT \(limit) OFFSET \(offset)) x ON true
      """
    let parameters = b.parameters
    return try await pool.run { connection in
      let rows = try connection.query(sql, parameters).map { $0 }
      let first = keys.count + 3
      let found = rows.filter { !$0.isNull(1) }.map { row in
        GroupRow(
          key: keys.indices.map { row.optionalText(2 + $0) }, count: row.int(keys.count + 2),
          figures: figures.indices.map { at in
            if row.isNull(first + at) { return .null }
            return figures[at].isTime
              ? .string(Timestamp(microseconds: row.int(first + at)).description) : .double(row.double(first + at))
          })
      }
      return GroupPage(rows: found, total: rows[0].int(0))
    }
  }

  private static func keyText(_ column: FieldColumn) -> String {
    switch column {
    case .text(let sql), .slot(let sql, _), .flag(let sql, _): sql
    case .uid(let sql), .number(let sql), .time(let sql): "(\(sql))::text"
    case .json(let sql, _): "((\(sql)) #>> '{}')"
    }
  }

  private static func figure(_ function: String, _ column: FieldColumn) -> (sql: String, isTime: Bool) {
    func time(_ sql: String) -> (String, Bool) { ("\(function)((extract(epoch FROM \(sql)) * 1e6)::bigint)", true) }
    switch column {
    case .time(let sql): return time(sql)
    case .json(let sql, .timestamp): return time("as_time(\(sql))")
    case .number(let sql): return ("\(function)((\(sql))::float8)", false)
    case .json(let sql, _): return ("\(function)(as_number(\(sql))::float8)", false)
    default: return ("NULL::float8", false)
    }
  }
}
