// What a commit writes beside objects: observed state, sets, story, effects, work.
import Core
import Kinds
import Ports

struct SideStatements {
  let kinds: KindDictionary
  let flight: Flight
  /// Lines of the story kept for each object; the oldest go.
  static let storyLines = 200

  /// `generation` never goes back: an observation of an older generation does not hide a newer one.
  func statuses(_ statuses: [StatusWrite]) throws {
    let sorted = statuses.sorted { ($0.tenant, $0.uid) < ($1.tenant, $1.uid) }
    for chunk in sorted.chunks {
      var status = ArrayColumn(.jsonb)
      for write in chunk { status.add(write.status) }
      try flight.add(
        """
        INSERT INTO observed AS s (tenant, uid, generation, status)
        SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::jsonb[])
        ON CONFLICT (tenant, uid) DO UPDATE SET generation = greatest(s.generation, excluded.generation), status = excluded.status
        """, [.uids(chunk.map(\.tenant)), .uids(chunk.map(\.uid)), .ints(chunk.map(\.generation)), status.parameter])
    }
  }

  func inventory(_ change: InventoryChange, versions: [UID: Int]) throws {
    try flight.add(
      """
      INSERT INTO source_set (owner, name, digest, updated) VALUES ($1::uuid, $2, $3, clock_timestamp())
      ON CONFLICT (owner, name) DO UPDATE SET digest = excluded.digest, updated = excluded.updated
      """, [.uid(change.owner), .text(change.set), .text(change.catalogDigest)])
    for chunk in change.removed.chunks {
      try flight.add(
        "DELETE FROM inventory WHERE owner = $1::uuid AND set = $2 AND uid = ANY($3::uuid[])",
        [.uid(change.owner), .text(change.set), .uids(chunk)])
    }
    for chunk in change.put.sorted(by: { $0.uid < $1.uid }).chunks {
      var hash = ArrayColumn(.bytea)
      for row in chunk { hash.add(binary: row.hash) }
      try flight.add(
        """
        INSERT INTO inventory (owner, set, uid, tenant, kind, name, hash, version, file, line)
        SELECT $1::uuid, $2::text, * FROM unnest($3::uuid[], $4::uuid[], $5::bigint[], $6::text[], $7::bytea[], $8::bigint[], $9::text[], $10::bigint[])
        ON CONFLICT (owner, set, uid) DO UPDATE SET tenant = excluded.tenant, kind = excluded.kind, name = excluded.name,
          hash = excluded.hash, version = excluded.version, file = excluded.file, line = excluded.line
        """,
        [
          .uid(change.owner), .text(change.set), .uids(chunk.map(\.uid)), .uids(chunk.map(\.tenant)),
          .ints(try chunk.map { try kinds.number($0.kind) }), .texts(chunk.map(\.name)), hash.parameter,
          .ints(chunk.map { versions[$0.uid] ?? $0.version }), .texts(chunk.map(\.file)), .ints(chunk.map(\.line)),
        ])
    }
  }

  func story(_ events: [StoryEvent]) throws {
    for chunk in events.chunks {
      var at = ArrayColumn(.timestamptz)
      var warning = ArrayColumn(.boolean)
      for event in chunk {
        at.add(event.at)
        warning.add(event.warning)
      }
      try flight.add(
        """
        INSERT INTO story (tenant, uid, kind, name, at, reason, message, warning)
        SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::text[], $5::timestamptz[], $6::text[], $7::text[], $8::boolean[])
        """,
        [
          .uids(chunk.map(\.tenant)), .uids(chunk.map(\.uid)), .ints(try chunk.map { try kinds.number($0.kind) }),
          .texts(chunk.map(\.name)), at.parameter, .texts(chunk.map(\.reason)), .texts(chunk.map(\.message)), warning.parameter,
        ])
      let objects = Dictionary(chunk.map { ($0.uid, $0.tenant) }, uniquingKeysWith: { first, _ in first }).sorted {
        $0.key < $1.key
      }
      try flight.add(
        """
        DELETE FROM story s USING (SELECT w.tenant, w.uid, (SELECT n FROM story x WHERE x.tenant = w.tenant AND x.uid = w.uid
            ORDER BY n DESC OFFSET \(Self.storyLines) LIMIT 1) AS n FROM unnest($1::uuid[], $2::uuid[]) w(tenant, uid)) o
        WHERE s.tenant = o.tenant AND s.uid = o.uid AND s.n <= o.n
        """, [.uids(objects.map(\.value)), .uids(objects.map(\.key))])
    }
  }

  /// An intent's key and call stay as they were first written: what was sent must be told from what is sent again.
  func effects(_ effects: [EffectRow]) throws {
    let sorted = effects.enumerated().sorted {
      ($0.element.tenant, $0.element.uid, $0.element.generation, $0.offset) < (
        $1.element.tenant, $1.element.uid, $1.element.generation, $1.offset
      )
    }.map(\.element)
    for chunk in sorted.chunks {
      var call = ArrayColumn(.jsonb)
      var reply = ArrayColumn(.jsonb)
      var consumed = ArrayColumn(.boolean)
      for effect in chunk {
        call.add(StepCoding.value(effect.step))
        reply.add(effect.reply)
        consumed.add(effect.consumed)
      }
      try flight.add(
        """
        INSERT INTO effect (tenant, uid, generation, step, call, key, state, reply, consumed)
        SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::text[], $5::jsonb[], $6::text[], $7::text[], $8::jsonb[], $9::boolean[])
        ON CONFLICT (tenant, uid, generation, step) DO UPDATE SET state = excluded.state, reply = excluded.reply,
          consumed = excluded.consumed
        """,
        [
          .uids(chunk.map(\.tenant)), .uids(chunk.map(\.uid)), .ints(chunk.map(\.generation)), .texts(chunk.map(\.step.name)),
          call.parameter, .texts(chunk.map(\.key)), .texts(chunk.map(\.state.rawValue)), reply.parameter, consumed.parameter,
        ])
    }
  }

  /// Finished items go or move, unless someone marked them dirty since; requested ones are due. `dirty` starts at the time in
  /// microseconds, so that an item that went and came back is another one.
  func work(finished: [FinishedWork], requests: [WorkRequest]) throws {
    let finished = finished.sorted { ($0.item.tenant, $0.item.uid) < ($1.item.tenant, $1.item.uid) }
    for chunk in finished.chunks {
      var next = ArrayColumn(.timestamptz)
      for item in chunk { next.add(item.next) }
      try flight.add(
        """
        WITH f AS MATERIALIZED (SELECT w.tenant, w.uid, f.next, f.attempts
            FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::timestamptz[], $5::bigint[]) f(tenant, uid, dirty, next, attempts)
            JOIN work w ON w.tenant = f.tenant AND w.uid = f.uid AND w.dirty = f.dirty ORDER BY w.tenant, w.uid FOR UPDATE OF w),
          d AS (DELETE FROM work w USING f WHERE w.tenant = f.tenant AND w.uid = f.uid AND f.next IS NULL)
        UPDATE work w SET due = f.next, attempts = f.attempts FROM f WHERE w.tenant = f.tenant AND w.uid = f.uid AND f.next IS NOT NULL
        """,
        [
          .uids(chunk.map(\.item.tenant)), .uids(chunk.map(\.item.uid)), .ints(chunk.map(\.item.dirty)), next.parameterOrNull,
          .ints(chunk.map(\.attempts)),
        ])
    }
    // One row an object, the earliest time asked for.
    var merged: [UID: WorkRequest] = [:]
    for request in requests {
      if let other = merged[request.uid], other.due == nil || request.due != nil && other.due! <= request.due! { continue }
      merged[request.uid] = request
    }
    let sorted = merged.values.sorted { ($0.tenant, $0.uid) < ($1.tenant, $1.uid) }
    for chunk in sorted.chunks {
      var due = ArrayColumn(.timestamptz)
      for request in chunk { due.add(request.due) }
      try flight.add(
        """
        INSERT INTO work AS w (tenant, uid, kind, shard, dirty, due)
        SELECT tenant, uid, kind, shard, (extract(epoch FROM clock_timestamp()) * 1e6)::bigint, coalesce(due, clock_timestamp())
        FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[], $5::timestamptz[]) WITH ORDINALITY x(tenant, uid, kind, shard, due, n)
        ORDER BY n
        ON CONFLICT (tenant, uid) DO UPDATE SET dirty = w.dirty + 1, due = least(w.due, excluded.due), attempts = 0
        """,
        [
          .uids(chunk.map(\.tenant)), .uids(chunk.map(\.uid)), .ints(try chunk.map { try kinds.number($0.kind) }),
          .ints(chunk.map { ShardCount.of($0.uid) }), due.parameterOrNull,
        ])
    }
  }
}
