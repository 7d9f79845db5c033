// Reads of what was: history, the state at a moment, the change feed, stories, sets, journaled effects.
import Core
import Kinds
import Ports

extension PostgresStore {
  /// Newest first.
  public func history(tenant: UID, uid: UID, before version: Int?, limit: Int) async throws -> [HistoryEntry] {
    let kinds = dictionary
    return try await reading { connection in
      try connection.query(
        """
        SELECT h.uid, h.kind, h.name, h.version, h.generation, h.op::text, c.at, c.manager, c.actor, c.source, c.action, h.spec, h.owners,
          h.labels, h.rev FROM history h JOIN commit_log c ON c.id = h.commit
        WHERE h.tenant = $1::uuid AND h.uid = $2::uuid AND h.version < $3::bigint ORDER BY h.version DESC LIMIT $4::bigint
        """, [.uid(tenant), .uid(uid), .int(version ?? .max), .int(min(max(0, limit), PostgresStore.maxPage))]
      ).map { row in
        var spec = try row.json(11).object ?? ObjectMap()
        var owners = OwnersCoding.owners(try row.json(12))
        if let kind = kinds.changing[kinds.name(row.int(1))] {
          try Upcast.apply(kind, from: row.int(14), spec: &spec, owners: &owners)
        }
        return HistoryEntry(
          uid: row.uid(0), kind: kinds.name(row.int(1)), name: row.text(2), version: row.int(3), generation: row.int(4),
          operation: row.text(5), at: row.time(6),
          origin: Origin(manager: Manager(row.text(7)), actor: row.text(8), commit: row.optionalText(9), action: row.text(10)),
          spec: spec, owners: owners,
          labels: try ObjectRow.labels(row, 13))
      }
    }
  }

  /// Live objects of a kind as they were at `moment`, by uid. Their observed state is not kept: `status` is null.
  public func objects(tenant: UID, kind: String, at moment: Timestamp, limit: Int) async throws -> [StoredObject] {
    let kinds = dictionary
    guard let number = kinds.numbers[kind] else { return [] }
    return try await reading { connection in
      try connection.query(
        """
        SELECT x.* FROM (
          SELECT DISTINCT ON (h.uid) h.uid, h.op::text, h.name, h.rev, h.version, h.generation, h.spec, h.owners, h.labels, h.protect,
            h.created, c.at FROM history h JOIN commit_log c ON c.id = h.commit
          WHERE h.tenant = $1::uuid AND h.kind = $2::smallint AND c.at <= $3::timestamptz ORDER BY h.uid, h.version DESC) x
        WHERE x.op NOT IN ('d', 's') ORDER BY x.uid LIMIT $4::bigint
        """, [.uid(tenant), .int(number), .time(moment), .int(min(max(0, limit), PostgresStore.maxPage))]
      ).map { row in
        var object = StoredObject(
          tenant: tenant, uid: row.uid(0), kind: kind, name: row.text(2), rev: row.int(3), version: row.int(4),
          generation: row.int(5),
          spec: try row.json(6).object ?? ObjectMap(), owners: OwnersCoding.owners(try row.json(7)),
          labels: try ObjectRow.labels(row, 8),
          protected: row.bool(9), created: row.time(10), updated: row.time(11),
          deleting: row.text(1) == ObjectWrite.Operation.startDelete.rawValue ? row.time(11) : nil)
        if let kind = kinds.changing[kind] { try Upcast.apply(&object, kind) }
        return object
      }
    }
  }

  /// Newest first.
  public func story(tenant: UID, uid: UID?, limit: Int) async throws -> [StoryEvent] {
    let kinds = dictionary
    return try await reading { connection in
      let columns = "SELECT tenant, uid, kind, name, at, reason, message, warning FROM story WHERE tenant = $1::uuid"
      let bound = Parameter.int(min(max(0, limit), PostgresStore.maxPage))
      let rows =
        if let uid {
          try connection.query(
            "\(columns) AND uid = $2::uuid ORDER BY n DESC LIMIT $3::bigint", [.uid(tenant), .uid(uid), bound])
        } else {
          try connection.query("\(columns) ORDER BY n DESC LIMIT $2::bigint", [.uid(tenant), bound])
        }
      return rows.map {
        StoryEvent(
          tenant: $0.uid(0), uid: $0.uid(1), kind: kinds.name($0.int(2)), name: $0.text(3), at: $0.time(4), reason: $0.text(5),
          message: $0.text(6), warning: $0.bool(7))
      }
    }
  }

  public func changes(tenant: UID, after position: Int, limit: Int) async throws -> ChangePage {
    let kinds = dictionary
    let limit = min(max(1, limit), PostgresStore.maxPage)
    return try await pool.run { connection in
      let rows = try connection.query(
        """
        SELECT h.pos, h.floor, c.pos, c.uid, c.kind, c.name, c.op::text, c.events, c.version, c.at, l.actor FROM head h
        LEFT JOIN LATERAL (SELECT * FROM change WHERE tenant = h.tenant AND pos > $2::bigint ORDER BY pos LIMIT $3::bigint) c ON true
        LEFT JOIN commit_log l ON l.id = c.commit WHERE h.tenant = $1::uuid ORDER BY c.pos
        """, [.uid(tenant), .int(position), .int(limit)])
      guard !rows.isEmpty else { return position <= 0 ? .changes([], upTo: 0) : .resync(from: 0) }
      let (last, floor) = (rows[0].int(0), rows[0].int(1))
      if position < floor || position > last { return .resync(from: last) }
      let changes = rows.map { $0 }.filter { !$0.isNull(2) }.map { row in
        Change(
          tenant: tenant, position: row.int(2), uid: row.uid(3), kind: kinds.name(row.int(4)), name: row.text(5),
          operation: row.text(6),
          events: row.optionalText(7)?.split(separator: ",").map(String.init) ?? [], version: row.int(8), at: row.time(9),
          actor: row.text(10))
      }
      return .changes(changes, upTo: changes.count == limit ? changes[limit - 1].position : last)
    }
  }

  /// 0 before the tenant's first commit.
  public func position(tenant: UID) async throws -> Int {
    try await pool.run { connection in
      let rows = try connection.query("SELECT pos FROM head WHERE tenant = $1::uuid", [.uid(tenant)])
      return rows.isEmpty ? 0 : rows[0].int(0)
    }
  }

  public func inventory(owner: UID, set: String) async throws -> (rows: [InventoryRow], catalogDigest: String?) {
    let kinds = dictionary
    return try await pool.run { connection in
      let rows = try connection.query(
        """
        SELECT s.digest, i.tenant, i.uid, i.kind, i.name, i.hash, i.version, i.file, i.line, o.version, o.name FROM source_set s
        LEFT JOIN inventory i ON i.owner = s.owner AND i.set = s.name
        LEFT JOIN object o ON o.tenant = i.tenant AND o.uid = i.uid AND NOT o.deleted AND o.deleting IS NULL
        WHERE s.owner = $1::uuid AND s.name = $2
        """, [.uid(owner), .text(set)])
      let inventory = rows.map { $0 }.filter { !$0.isNull(2) }.map { row in
        var found = InventoryRow(
          tenant: row.uid(1), uid: row.uid(2), kind: kinds.name(row.int(3)), name: row.text(4), hash: row.bytes(5),
          version: row.int(6),
          file: row.text(7), line: row.int(8), current: row.isNull(9) ? nil : row.int(9))
        if let now = row.optionalText(10), now != found.name { found.renamed = now }
        return found
      }
      return (rows: inventory, catalogDigest: rows.isEmpty ? nil : rows[0].text(0))
    }
  }

  /// By name.
  public func sets(owner: UID) async throws -> [(name: String, count: Int, updated: Timestamp)] {
    try await reading { connection in
      try connection.query(
        """
        SELECT s.name, (SELECT count(*) FROM inventory i WHERE i.owner = s.owner AND i.set = s.name), s.updated FROM source_set s
        WHERE s.owner = $1::uuid ORDER BY s.name
        """, [.uid(owner)]
      ).map { (name: $0.text(0), count: $0.int(1), updated: $0.time(2)) }
    }
  }
}

/// A journaled step as jsonb.
enum StepCoding {
  static func value(_ step: Step) -> Value {
    [
      "name": .string(step.name), "service": .string(step.service), "operation": .string(step.operation),
      "arguments": step.arguments,
      "class": .string(step.kind.rawValue), "deadline": .int(step.deadline.microseconds),
    ]
  }
  static func step(_ value: Value) -> Step {
    Step(
      name: value["name"].string ?? "", service: value["service"].string ?? "", operation: value["operation"].string ?? "",
      arguments: value["arguments"], kind: Step.Class(rawValue: value["class"].string ?? "") ?? .once,
      deadline: .microseconds(value["deadline"].int ?? 0))
  }
}
