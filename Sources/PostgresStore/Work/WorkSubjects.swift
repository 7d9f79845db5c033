// What a round of work begins with: the objects in hand, and their journaled steps.
import Core
import Kinds
import Ports

extension PostgresStore {
  /// From the primary, in one flight.
  public func subjects(_ places: [ObjectPlace]) async throws -> (objects: [StoredObject], effects: [EffectRow]) {
    if places.isEmpty { return ([], []) }
    let kinds = dictionary
    let parameters: [Parameter] = [.uids(places.map(\.tenant)), .uids(places.map(\.uid))]
    return try await pool.run { connection in
      let rows = try connection.pipeline([
        (
          """
          SELECT \(ObjectRow.columns) FROM unnest($1::uuid[], $2::uuid[]) p(tenant, uid)
          JOIN object o ON o.tenant = p.tenant AND o.uid = p.uid LEFT JOIN observed s ON s.tenant = o.tenant AND s.uid = o.uid
          """, parameters
        ), (Self.effectsSQL, parameters + [.bool(true)]),
      ])
      return (try rows[0].map { try ObjectRow.object($0, kinds) }, try rows[1].map(Self.effect))
    }
  }

  /// Those of one object oldest first.
  public func effects(of places: [ObjectPlace], unconsumedOnly: Bool) async throws -> [EffectRow] {
    if places.isEmpty { return [] }
    return try await pool.run { connection in
      try connection.query(
        Self.effectsSQL, [.uids(places.map(\.tenant)), .uids(places.map(\.uid)), .bool(unconsumedOnly)]
      ).map(Self.effect)
    }
  }

  private static let effectsSQL = """
    SELECT e.tenant, e.uid, e.generation, e.call, e.key, e.state, e.reply, e.consumed FROM unnest($1::uuid[], $2::uuid[]) p(tenant, uid)
    JOIN effect e ON e.tenant = p.tenant AND e.uid = p.uid WHERE NOT (e.consumed AND $3::boolean) ORDER BY e.n
    """

  private static func effect(_ row: Row) throws -> EffectRow {
    EffectRow(
      tenant: row.uid(0), uid: row.uid(1), generation: row.int(2), step: StepCoding.step(try row.json(3)), key: row.text(4),
      state: EffectRow.State(rawValue: row.text(5)) ?? .unknown, reply: try row.json(6), consumed: row.bool(7))
  }
}
