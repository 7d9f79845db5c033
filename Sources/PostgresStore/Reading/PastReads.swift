// Objects as they were at a moment, and which sets hold an object.
import Core
import Kinds
import Ports

extension PostgresStore {
  /// By uid, gone ones too.
  public func past(_ query: PastQuery) async throws -> [PastObject] {
    let kinds = dictionary
    if let uids = query.uids, uids.isEmpty { return [] }
    var b = StatementBuilder()
    let tenant = b.bind(.uid(query.tenant), "uuid")
    var inner = "h.tenant = \(tenant) AND c.at <= \(b.bind(.time(query.at), "timestamptz"))"
    var outer = "true"
    if let kind = query.kind {
      guard let number = kinds.numbers[kind] else { return [] }
      inner += " AND h.kind = \(b.bind(.int(number), "smallint"))"
    }
    if let uids = query.uids { inner += " AND h.uid = ANY(\(b.bind(.uids(uids), "uuid[]")))" }
    if let after = query.after { inner += " AND h.uid > \(b.bind(.uid(after), "uuid"))" }
    if let name = query.name {
      let text = b.bind(.text(name), "text")
      inner += " AND h.uid IN (SELECT n.uid FROM history n WHERE n.tenant = \(tenant) AND n.kind = h.kind AND n.name = \(text))"
      outer += " AND x.name = \(text)"
    }
    if let since = query.changedAfter { outer += " AND x.at > \(b.bind(.time(since), "timestamptz"))" }
    if let manager = query.manager {
      // The text is looked for first; what only looks like it is sorted out below.
      outer += " AND position(\(b.bind(.text(JSON.text(.string(manager.description))), "text")) IN x.owners::text) > 0"
    }
    let limit = b.bind(.int(min(max(0, query.limit), Self.maxPage)), "bigint")
    let sql = """
      SELECT x.* FROM (SELECT DISTINCT ON (h.uid) h.uid, h.op::text, h.kind, h.name, h.rev, h.version, h.generation, h.spec, h.owners,
          h.labels, h.protect, h.created, c.at, c.manager, c.actor, c.source, c.action
        FROM history h JOIN commit_log c ON c.id = h.commit WHERE \(inner) ORDER BY h.uid, h.version DESC) x
      WHERE \(outer) ORDER BY x.uid LIMIT \(limit)
      """
    let parameters = b.parameters
    let found = try await pool.run { connection in
      try connection.query(sql, parameters).map { row in
        let operation = row.text(1)
        let object = StoredObject(
          tenant: query.tenant, uid: row.uid(0), kind: kinds.name(row.int(2)), name: row.text(3), rev: row.int(4),
          version: row.int(5), generation: row.int(6), spec: try row.json(7).object ?? ObjectMap(),
          owners: OwnersCoding.owners(try row.json(8)), labels: try ObjectRow.labels(row, 9), protected: row.bool(10),
          created: row.time(11), updated: row.time(12),
          deleting: operation == ObjectWrite.Operation.startDelete.rawValue ? row.time(12) : nil)
        return PastObject(
          object: object, operation: operation,
          origin: Origin(
            manager: Manager(row.text(13)), actor: row.text(14), commit: row.optionalText(15), action: row.text(16)))
      }
    }
    return found
  }

  /// Sets, of any owner, whose inventory holds one of these.
  public func sets(holding uids: [UID]) async throws -> [(owner: UID, set: String, uid: UID)] {
    if uids.isEmpty { return [] }
    return try await pool.run { connection in
      try connection.query(
        "SELECT owner, set, uid FROM inventory WHERE uid = ANY($1::uuid[]) ORDER BY owner, set, uid", [.uids(uids)]
      ).map { (owner: $0.uid(0), set: $0.text(1), uid: $0.uid(2)) }
    }
  }

  /// Values whose keys begin so, by key.
  public func values(tenant: UID, prefix: String, limit: Int) async throws -> [(key: String, value: Value)] {
    try await pool.run { connection in
      try connection.query(
        """
        SELECT key, value FROM kv WHERE tenant = $1::uuid AND key >= $2 AND key < $2 || chr(1114111)
          AND (expires IS NULL OR expires > clock_timestamp()) ORDER BY key LIMIT $3::bigint
        """, [.uid(tenant), .text(prefix), .int(min(max(0, limit), Self.maxPage))]
      ).map { (key: $0.text(0), value: try $0.json(1)) }
    }
  }
}
