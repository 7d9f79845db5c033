// Reads of objects: by name, by uid, as lists, by reference, by unique key.
import Core
import Kinds
import Ports

extension PostgresStore {
  /// Objects returned by one call, at most.
  static let maxPage = 100_000
  /// Counts put into one statement.
  private static let countsAtOnce = 50

  /// Live objects by tenant, kind and name, in no order. Names that do not exist are left out.
  public func objects(named keys: [ObjectKey]) async throws -> [StoredObject] {
    if keys.isEmpty { return [] }
    let kinds = dictionary
    let known = keys.filter { kinds.numbers[$0.kind] != nil }
    if known.isEmpty { return [] }
    return try await reading { connection in
      let numbers = try known.map { try kinds.number($0.kind) }
      return try connection.query(
        """
        SELECT \(ObjectRow.columns) FROM unnest($1::uuid[], $2::bigint[], $3::text[]) k(tenant, kind, name)
        JOIN object o ON o.tenant = k.tenant AND o.kind = k.kind AND o.name = k.name
        LEFT JOIN observed s ON s.tenant = o.tenant AND s.uid = o.uid WHERE NOT o.deleted
        """, [.uids(known.map(\.tenant)), .ints(numbers), .texts(known.map(\.name))]
      ).map { try ObjectRow.object($0, kinds) }
    }
  }

  /// Objects by uid, soft-deleted ones too (see `deleted`). Nil tenant: of any tenant.
  public func objects(tenant: UID?, uids: [UID]) async throws -> [StoredObject] {
    if uids.isEmpty { return [] }
    let kinds = dictionary
    return try await reading { connection in
      let rows =
        if let tenant {
          try connection.query(
            "SELECT \(ObjectRow.columns) FROM \(ObjectRow.join) WHERE o.tenant = $1::uuid AND o.uid = ANY($2::uuid[])",
            [.uid(tenant), .uids(uids)])
        } else {
          try connection.query("SELECT \(ObjectRow.columns) FROM \(ObjectRow.join) WHERE o.uid = ANY($1::uuid[])", [.uids(uids)])
        }
      return try rows.map { try ObjectRow.object($0, kinds) }
    }
  }

  /// One statement, so one snapshot: the page, its total and the feed position belong together.
  public func list(_ query: ObjectQuery) async throws -> ObjectPage {
    let kinds = dictionary
    let statement = try listing(query, kinds)
    return try await reading { connection in
      try Self.page(try connection.query(statement.sql, statement.parameters), kinds)
    }
  }

  /// In one flight.
  public func lists(_ queries: [ObjectQuery]) async throws -> [ObjectPage] {
    if queries.isEmpty { return [] }
    let kinds = dictionary
    let statements = try queries.map { try listing($0, kinds) }
    return try await reading { connection in try connection.pipeline(statements).map { try Self.page($0, kinds) } }
  }

  private func listing(_ query: ObjectQuery, _ kinds: KindDictionary) throws -> (sql: String, parameters: [Parameter]) {
    let locator = ObjectLocator(kind: catalog.kind(query.kind), slots: kinds.slots[query.kind] ?? [:])
    var b = StatementBuilder()
    let tenant = b.bind(.uid(query.tenant), "uuid")
    let filter = Self.filter(query, kinds, locator, tenant: tenant, &b)
    let order = OrderSQL(query.sort, locator, &b)
    let continuation = try query.after.map { try order.after($0.values, uid: $0.uid, &b) } ?? "true"
    let limit = b.bind(.int(min(max(0, query.limit), Self.maxPage)), "bigint")
    let offset = b.bind(.int(max(0, query.offset)), "bigint")
    let total = query.wantsTotal ? "(SELECT count(*) FROM \(ObjectRow.join) WHERE \(filter))" : "NULL::bigint"
    let sql = """
      SELECT h.pos, h.total, x.* FROM (SELECT coalesce((SELECT pos FROM head WHERE tenant = \(tenant)), 0) AS pos, \(total) AS total) h
      LEFT JOIN LATERAL (SELECT \(ObjectRow.columns(owners: query.wantsOwners, status: query.wantsStatus)) FROM \(ObjectRow.join)
        WHERE \(filter) AND \(continuation)
        ORDER BY \(order.sql) LIMIT \(limit) OFFSET \(offset)) x(tenant, uid, kind, name, rev, version, generation, spec, owners, labels,
        protect, created, updated, deleting, deleted, status, seen) ON true
      """
    return (sql, b.parameters)
  }

  private static func page(_ rows: Rows, _ kinds: KindDictionary) throws -> ObjectPage {
    let objects = try rows.map { $0 }.filter { !$0.isNull(2) }.map { try ObjectRow.object($0, kinds, first: 2) }
    return ObjectPage(objects: objects, total: rows[0].optionalInt(1), position: rows[0].int(0))
  }

  public func count(_ queries: [ObjectQuery]) async throws -> [Int] {
    if queries.isEmpty { return [] }
    let kinds = dictionary
    if let grouped = GroupedCounts(queries) {
      let locator = ObjectLocator(kind: catalog.kind(grouped.query.kind), slots: kinds.slots[grouped.query.kind] ?? [:])
      if let statement = grouped.statement(kinds, locator) {
        let counts = try await reading { connection in
          Dictionary(
            try connection.query(statement.sql, statement.parameters).map { ($0.text(0), $0.int(1)) },
            uniquingKeysWith: { first, _ in first })
        }
        return grouped.values.map { counts[$0] ?? 0 }
      }
    }
    let statements = stride(from: 0, to: queries.count, by: Self.countsAtOnce).map {
      start -> (sql: String, parameters: [Parameter]) in
      var b = StatementBuilder()
      let counts = queries[start..<min(start + Self.countsAtOnce, queries.count)].map { query in
        let locator = ObjectLocator(kind: catalog.kind(query.kind), slots: kinds.slots[query.kind] ?? [:])
        let tenant = b.bind(.uid(query.tenant), "uuid")
        return "(SELECT count(*) FROM \(ObjectRow.join) WHERE \(Self.filter(query, kinds, locator, tenant: tenant, &b)))"
      }
      return ("SELECT unnest(ARRAY[\(counts.joined(separator: ", "))])", b.parameters)
    }
    return try await reading { connection in
      try connection.pipeline(statements).flatMap { rows in rows.map { $0.int(0) } }
    }
  }

  /// Tenant first, then kind, then what the query says.
  static func filter(
    _ query: ObjectQuery, _ kinds: KindDictionary, _ locator: ObjectLocator, tenant: String, _ b: inout StatementBuilder
  ) -> String {
    guard let kind = kinds.numbers[query.kind] else { return "false" }
    let live = query.includeDeleted ? "" : " AND NOT o.deleted"
    let predicate = PredicateSQL(locator: locator).sql(query.predicate, &b)
    let whose = query.everywhere ? "true" : "o.tenant = \(tenant)"
    // An index of one kind's lists is only taken where the statement itself says which kind it is about.
    let number = kinds.listed.contains(query.kind) ? "\(kind)" : b.bind(.int(kind), "smallint")
    return "\(whose) AND o.kind = \(number)\(live) AND \(predicate)"
  }

  /// Live objects, of any tenant, that refer to any of these. Who shows them to a user must filter by tenant.
  public func referrers(tenant: UID, of uids: [UID], limit: Int) async throws -> [(
    target: UID, field: String, object: StoredObject
  )] {
    if uids.isEmpty { return [] }
    let kinds = dictionary
    return try await reading { connection in
      try connection.query(
        """
        SELECT r.target, r.field, \(ObjectRow.columns) FROM ref r JOIN object o ON o.tenant = r.tenant AND o.uid = r.uid
        LEFT JOIN observed s ON s.tenant = o.tenant AND s.uid = o.uid
        WHERE r.target = ANY($1::uuid[]) AND NOT o.deleted ORDER BY r.target, o.uid, r.field LIMIT $2::bigint
        """, [.uids(uids), .int(min(max(0, limit), Self.maxPage))]
      ).map { (target: $0.uid(0), field: $0.text(1), object: try ObjectRow.object($0, kinds, first: 2)) }
    }
  }

  public func referrers(tenant: UID, of uids: [UID], each limit: Int) async throws -> [(
    target: UID, field: String, object: StoredObject
  )] {
    if uids.isEmpty { return [] }
    let kinds = dictionary
    return try await reading { connection in
      try connection.query(
        """
        SELECT t.uid, x.field, \(ObjectRow.columns) FROM unnest($1::uuid[]) t(uid) CROSS JOIN LATERAL (
          SELECT r.tenant, r.uid, r.field FROM ref r JOIN object l ON l.tenant = r.tenant AND l.uid = r.uid
          WHERE r.target = t.uid AND NOT l.deleted ORDER BY r.uid, r.field LIMIT $2::bigint) x
        JOIN object o ON o.tenant = x.tenant AND o.uid = x.uid
        LEFT JOIN observed s ON s.tenant = o.tenant AND s.uid = o.uid ORDER BY t.uid, o.uid, x.field
        """, [.uids(uids), .int(min(max(0, limit), Self.maxPage))]
      ).map { (target: $0.uid(0), field: $0.text(1), object: try ObjectRow.object($0, kinds, first: 2)) }
    }
  }

  public func holders(tenant: UID, kind: String, keys: [UniqueKey]) async throws -> [UniqueKey: UID] {
    guard !keys.isEmpty, let number = dictionary.numbers[kind] else { return [:] }
    let (table, scope) = catalog.kind(kind)?.storage == .record ? ("record_key", "tenant") : ("unique_key", "scope")
    return try await pool.run { connection in
      let rows = try connection.query(
        """
        SELECT x.n, k.uid FROM unnest($1::uuid[], $2::bigint[], $3::text[]) WITH ORDINALITY x(scope, rule, value, n)
        JOIN \(table) k ON k.\(scope) = x.scope AND k.kind = $4::smallint AND k.rule = x.rule AND k.value = key_text(x.value)
        WHERE k.until IS NULL OR k.until > clock_timestamp()
        """,
        [
          .uids(keys.map { $0.global && table == "unique_key" ? PostgresStore.everywhere : tenant }), .ints(keys.map(\.rule)),
          .texts(keys.map(\.value)),
          .int(number),
        ])
      return Dictionary(rows.map { (keys[$0.int(0) - 1], $0.uid(1)) }, uniquingKeysWith: { first, _ in first })
    }
  }

  /// Scope of keys that are unique over the installation.
  static let everywhere = UID(high: 0, low: 0)
}
