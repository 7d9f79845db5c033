// `commit` of the store: checks what can be checked without the database, runs the transaction, settles open outcomes.
import Core
import Kinds
import Ports

extension PostgresStore {
  /// Names are parts of index rows.
  static let maxNameBytes = 1000
  /// How often a commit whose connection broke is run again, after making sure that it did not happen.
  private static let maxRuns = 3

  public func commit(_ commit: Commit) async throws -> CommitResult {
    var commit = commit
    commit.work += Wakes.requests(commit.records, catalog: catalog)
    return try await committing(commit)
  }

  private func committing(_ commit: Commit) async throws -> CommitResult {
    try Self.check(commit)
    try await recordTables.prepare(commit.records, pool)
    let kinds = dictionary
    let (catalog, records) = (self.catalog, RecordStatements(kinds: dictionary, catalog: self.catalog))
    for _ in 0..<Self.maxRuns {
      var generator = SystemRandomNumberGenerator()
      let id = UID(at: SystemClock().now(), random: &generator)
      do {
        let outcome = try await pool.run { connection in
          try CommitTransaction(id: id, commit: commit, kinds: kinds, catalog: catalog, records: records).run(connection)
        }
        return announce(outcome)
      } catch let open as AmbiguousCommit {
        if try await happened(open.id) { return announce(open.result) }
      }
    }
    throw Problem(
      .unavailable, code: "database_unavailable", "The connection to the database broke again and again; nothing was written.")
  }

  private func announce(_ outcome: CommitOutcome) -> CommitResult {
    signalHub.committed(tenants: outcome.changed, shards: outcome.shards)
    return outcome.result
  }

  /// Whether the commit of this id happened. Takes the id's place in the log: a server process that still works on the commit is
  /// waited for, and one that has not got there can no longer succeed.
  private func happened(_ id: UID) async throws -> Bool {
    do {
      return try await pool.run { connection in
        try connection.query(
          """
          INSERT INTO commit_log (id, at, manager, actor, action, lasting)
          VALUES ($1::uuid, clock_timestamp(), '', '', 'given up', false) ON CONFLICT DO NOTHING RETURNING id
          """, [.uid(id)]
        ).isEmpty
      }
    } catch let problem as Problem {
      throw Problem(
        .unavailable, code: "outcome_unknown",
        "The database went away while it committed (\(problem.message)) Whether the change happened is not known.",
        fix: "Read it back before trying again.")
    }
  }

  /// Mistakes of the caller that would otherwise show as failures of statements.
  static func check(_ commit: Commit) throws {
    var seen = Set<UID>()
    var holders: [String: UID] = [:]
    var taken: [(uid: UID, rule: Int, by: UID, kind: String)] = []
    for write in commit.writes {
      let object = write.object
      guard seen.insert(object.uid).inserted else {
        throw Problem(.failure, code: "written_twice", "One commit writes \(object.label) twice.", object: object.label)
      }
      guard object.name.utf8.count <= maxNameBytes else {
        throw Problem(
          .invalid, code: "name_too_long", "The name has \(object.name.utf8.count) bytes; \(maxNameBytes) is the most.",
          pointer: "/metadata/name", object: String(object.label.prefix(80)))
      }
      guard KeyStatements.sets(write.operation) else { continue }
      for key in write.uniqueKeys {
        let place = "\(key.global ? everywhere : object.tenant) \(object.kind) \(key.rule) \(key.value)"
        if let other = holders.updateValue(object.uid, forKey: place) {
          taken.append((uid: object.uid, rule: key.rule, by: other, kind: object.kind))
        }
      }
    }
    if !taken.isEmpty { throw CommitFailure.taken(taken) }
    var observed = Set<UID>()
    for status in commit.statuses where !observed.insert(status.uid).inserted {
      throw Problem(.failure, code: "written_twice", "One commit writes the status of \(status.kind) \(status.uid) twice.")
    }
    var steps = Set<String>()
    for effect in commit.effects where !steps.insert("\(effect.uid) \(effect.generation) \(effect.step.name)").inserted {
      throw Problem(.failure, code: "written_twice", "One commit journals the step \(effect.step.name) of \(effect.uid) twice.")
    }
  }
}
