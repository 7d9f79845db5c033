// Objects brought to their kinds' revisions at start, in bounded batches: no new version, no new generation, nothing in the feed.
import Core
import Kinds
import Ports

enum SchemaChanges {
  private static let batch = 1000
  /// Named values of no tenant: the revision up to which a kind's objects were brought.
  private static let keyPrefix = "schema/rev/"

  /// Called under the migration lock, before slots are given out. What an older replica writes later is upcast when it is read.
  static func run(_ connection: Connection, catalog: KindCatalog) throws {
    for kind in catalog.kinds where !kind.migrations.isEmpty {
      let key = Parameter.text(keyPrefix + kind.name)
      let done = try connection.query(
        "SELECT (value #>> '{}')::bigint FROM kv WHERE tenant = $1::uuid AND key = $2", [.uid(PostgresStore.everywhere), key])
      if !done.isEmpty, done[0].int(0) >= kind.rev { continue }
      if let number = try connection.query("SELECT id FROM kind WHERE name = $1", [.text(kind.name)]).map({ $0.int(0) }).first {
        try bring(kind, number, connection)
      }
      _ = try connection.query(
        """
        INSERT INTO kv (tenant, key, value) VALUES ($1::uuid, $2, to_jsonb($3::bigint))
        ON CONFLICT (tenant, key) DO UPDATE SET value = excluded.value
        """, [.uid(PostgresStore.everywhere), key, .int(kind.rev)])
    }
  }

  private static func bring(_ kind: KindSpec, _ number: Int, _ connection: Connection) throws {
    var last = UID(high: 0, low: 0)
    var lastTenant = UID(high: 0, low: 0)
    var touched = false
    while true {
      let count = try connection.transaction { () -> Int in
        let rows = try connection.query(
          """
          SELECT tenant, uid, rev, spec, owners FROM object
          WHERE (tenant, uid) > ($1::uuid, $2::uuid) AND kind = $3::smallint AND rev < $4::int
          ORDER BY tenant, uid LIMIT \(batch) FOR UPDATE
          """, [.uid(lastTenant), .uid(last), .int(number), .int(kind.rev)])
        var tenants: [UID] = []
        var uids: [UID] = []
        var specs: [Value] = []
        var owners: [Value] = []
        for row in rows.map({ $0 }) {
          var spec = try row.json(3).object ?? ObjectMap()
          var own = OwnersCoding.owners(try row.json(4))
          try Upcast.apply(kind, from: row.int(2), spec: &spec, owners: &own)
          tenants.append(row.uid(0))
          uids.append(row.uid(1))
          specs.append(.object(spec))
          owners.append(OwnersCoding.value(own))
        }
        if uids.isEmpty { return 0 }
        _ = try connection.query(
          """
          UPDATE object o SET spec = x.spec, owners = x.owners, rev = $5::int
          FROM unnest($1::uuid[], $2::uuid[], $3::jsonb[], $4::jsonb[]) x(tenant, uid, spec, owners)
          WHERE o.tenant = x.tenant AND o.uid = x.uid
          """, [.uids(tenants), .uids(uids), .jsons(specs), .jsons(owners), .int(kind.rev)])
        for (old, new) in renames(kind) {
          _ = try connection.query(
            """
            UPDATE ref r SET field = $4 || substr(r.field, length($3) + 1) FROM unnest($1::uuid[], $2::uuid[]) x(tenant, uid)
            WHERE r.tenant = x.tenant AND r.uid = x.uid AND (r.field = $3 OR r.field LIKE replace(replace($3, '%', '\\%'), '_', '\\_') || '.%')
            """, [.uids(tenants), .uids(uids), .text(old), .text(new)])
        }
        (lastTenant, last) = (tenants[tenants.count - 1], uids[uids.count - 1])
        return uids.count
      }
      touched = touched || count > 0
      if count < batch { break }
    }
    // Slots hold what the fields were: they are given out and filled anew.
    if touched { _ = try connection.query("DELETE FROM slot WHERE kind = $1::smallint", [.int(number)]) }
  }

  private static func renames(_ kind: KindSpec) -> [(String, String)] {
    kind.migrations.flatMap { migration -> [(String, String)] in
      if case .rename(let names) = migration.change { names } else { [] }
    }
  }
}
