// Back to what was: one object to a version, or a whole set to a moment. Sources of the sets concerned are paused, so that they do
// not undo it.
import Core
import Kinds
import Planning
import Ports

extension ChangeService {
  /// Versions looked through for the one before.
  static let versions = 1000

  /// Where to go back to.
  public enum Moment: Sendable {
    case version(Int)
    case time(Timestamp)
    /// The version before the present one.
    case before
  }

  /// - Parameter object: as it is, or as it was last when it is gone: then it is made anew, with its uid and history.
  public func rollBack(_ object: StoredObject, to moment: Moment, _ request: Request) async throws -> (
    outcome: WriteOutcome, paused: [String]
  ) {
    let past = try await version(of: object, moment)
    let manager = Set(past.owners.values.flatMap { [$0] + $0.also }.map(\.manager))
      .union(object.owners.values.flatMap { [$0] + $0.also }.map(\.manager))
    let holders = try await engine.store.sets(holding: [object.uid])
    let sets = holders.filter { manager.contains(.set($0.set)) }
    let pause = SetPause(
      reason: "\(object.label) was rolled back to version \(past.version)", by: request.actor, at: engine.clock.now())
    return try await pausing(sets.map { ($0.owner, $0.set) }, pause, request) { sources in
      try await engine.commit(
        [revert(past)] + sources, origin: origin(request, "rollback"), dryRun: request.dryRun, prepared: true,
        extend: { commit, plan in Self.keepInInventory(&commit, plan, holders, engine.catalog.digest) })
    }
  }

  /// Every object that the set held at the moment goes back to what it was; what joined later goes.
  public func rollBack(set: String, owner: UID, to moment: Timestamp, _ request: Request) async throws -> (
    outcome: WriteOutcome, paused: [String]
  ) {
    let stored = try await engine.store.inventory(owner: owner, set: set)
    guard stored.catalogDigest != nil else {
      throw Problem(.missing, code: "not_found", "There is no set \"\(set)\".", fix: "See plumb sets.")
    }
    var then: [StoredObject] = []
    for tenant in Set(stored.rows.map(\.tenant) + [owner]).sorted() { then += try await members(of: set, tenant, at: moment) }
    guard !then.isEmpty else {
      throw Problem(
        .missing, code: "not_found", "Set \(set) held nothing at \(moment).", fix: "See plumb history of one of its objects.")
    }
    let kept = Set(then.map(\.uid))
    let later = stored.rows.filter { $0.current != nil && !kept.contains($0.uid) }
    let intents =
      then.map(revert) + later.map { Intent(.delete, .uid(tenant: $0.tenant, kind: $0.kind, $0.uid)) }
    let rows = then.map { row($0) }
    let pause = SetPause(reason: "it was rolled back to \(moment)", by: request.actor, at: engine.clock.now())
    return try await pausing([(owner, set)], pause, request) { sources in
      try await engine.commit(
        // In the set's own name: what a git source states is not taken from it, and nothing is proposed.
        intents + sources, origin: Origin(manager: .set(set), actor: request.actor, action: "rollback", user: request.user),
        dryRun: request.dryRun, prepared: true,
        deletions: DeletionQuestion(
          scope: "rollback/\(set)", tenant: owner, actor: request.actor, token: request.confirm, total: stored.rows.count),
        extend: { commit, plan in
          guard !commit.writes.isEmpty else { return }
          commit.inventory.append(
            InventoryChange(
              set: set, owner: owner, put: rows.map { Self.versioned($0, plan) }, removed: later.map(\.uid),
              catalogDigest: engine.catalog.digest))
        })
    }
  }

  // MARK: Parts

  private func members(of set: String, _ tenant: UID, at moment: Timestamp) async throws -> [StoredObject] {
    var found: [StoredObject] = []
    var after: UID?
    while true {
      let page = try await engine.store.past(PastQuery(tenant: tenant, at: moment, manager: .set(set), after: after))
      found += page.filter { !$0.isGone && $0.object.deleting == nil && $0.object.isStated(by: .set(set)) }.map(\.object)
      guard page.count == PastQuery.page, let last = page.last, found.count < Planner.maxObjects else { return found }
      after = last.object.uid
    }
  }

  private func version(of object: StoredObject, _ moment: Moment) async throws -> StoredObject {
    let store = engine.store
    switch moment {
    case .time(let at):
      if let past = try await store.past(PastQuery(tenant: object.tenant, uids: [object.uid], at: at)).first, !past.isGone {
        return past.object
      }
      throw missing(object, "was not there at \(at)")
    case .version(let number):
      if let entry = try await store.history(tenant: object.tenant, uid: object.uid, before: number + 1, limit: 1).first,
        entry.version == number
      {
        return stored(entry, object)
      }
      throw missing(object, "has no version \(number)")
    case .before:
      let entries = try await store.history(tenant: object.tenant, uid: object.uid, before: nil, limit: Self.versions)
      let newest = entries.first
      let gone = newest.map { ["d", "s", "x"].contains($0.operation) } ?? false
      // Deleted: the last one that lived. Else the last that differs in what is wanted.
      if let entry = entries.first(where: { entry in
        !["d", "s", "x"].contains(entry.operation) && (gone || entry.spec != newest?.spec || entry.labels != newest?.labels)
      }) {
        return stored(entry, object)
      }
      throw missing(object, "has no version before this one")
    }
  }

  private func missing(_ object: StoredObject, _ why: String) -> Problem {
    Problem(
      .missing, code: "no_version", "\(object.label) \(why).", object: object.label, fix: "See plumb history \(object.label).")
  }

  private func stored(_ entry: HistoryEntry, _ object: StoredObject) -> StoredObject {
    var past = object
    (past.name, past.spec, past.owners, past.labels, past.version) = (
      entry.name, entry.spec, entry.owners, entry.labels, entry.version
    )
    return past
  }

  private func revert(_ past: StoredObject) -> Intent {
    var intent = Intent(.revert, target(past), fields: past.spec, labels: past.labels, checked: true, writer: .controller)
    intent.owners = past.owners
    intent.newName = past.name
    return intent
  }

  private func row(_ object: StoredObject) -> InventoryRow {
    let place = object.owners.values.compactMap(\.place).min { ($0.file, $0.line) < ($1.file, $1.line) }
    return InventoryRow(
      tenant: object.tenant, uid: object.uid, kind: object.kind, name: object.name, hash: [], version: object.version,
      file: place?.file ?? "", line: place?.line ?? 0)
  }

  private static func versioned(_ row: InventoryRow, _ plan: Plan) -> InventoryRow {
    var row = row
    row.version = plan.results[row.uid]?.version ?? row.version
    return row
  }

  /// An object that is made anew is in the sets that held it.
  private static func keepInInventory(
    _ commit: inout Commit, _ plan: Plan, _ holders: [(owner: UID, set: String, uid: UID)], _ digest: String
  ) {
    guard !commit.writes.isEmpty else { return }
    for holder in holders {
      guard let object = plan.results[holder.uid], plan.items.contains(where: { $0.uid == holder.uid && $0.action == .create })
      else { continue }
      let row = InventoryRow(
        tenant: object.tenant, uid: object.uid, kind: object.kind, name: object.name, hash: [], version: object.version, file: "",
        line: 0)
      commit.inventory.append(
        InventoryChange(set: holder.set, owner: holder.owner, put: [row], removed: [], catalogDigest: digest))
    }
  }

  /// The pause comes first, so that no source can come between; it goes again when the rollback does not happen.
  private func pausing(
    _ sets: [(owner: UID, set: String)], _ pause: SetPause, _ request: Request, _ body: ([Intent]) async throws -> WriteOutcome
  ) async throws -> (outcome: WriteOutcome, paused: [String]) {
    let sources = try await self.sources(of: sets, pause.reason)
    if request.dryRun { return (try await body([]), sets.map(\.set)) }
    var fresh: [(owner: UID, set: String)] = []
    for (owner, set) in sets where sources[set] == nil {
      if try await pauses.pause(of: set, owner: owner) != nil { continue }
      try await pauses.pause(set, owner: owner, pause)
      fresh.append((owner, set))
    }
    do {
      let outcome = try await body(sources.sorted { $0.key < $1.key }.map(\.value))
      return (outcome, sets.map(\.set))
    } catch {
      for (owner, set) in fresh { _ = try? await pauses.resume(set, owner: owner) }
      throw error
    }
  }

  /// Git sources are paused by their own fields, in the same commit.
  func sources(of sets: [(owner: UID, set: String)], _ reason: String?) async throws -> [String: Intent] {
    guard engine.catalog.kind(Self.source) != nil else { return [:] }
    let names = sets.filter { $0.set.hasPrefix(Self.gitPrefix) }.map { ($0.set, $0.owner) }
    let keys = names.map { ObjectKey(tenant: $0.1, kind: Self.source, name: String($0.0.dropFirst(Self.gitPrefix.count))) }
    guard !keys.isEmpty else { return [:] }
    var found: [String: Intent] = [:]
    for object in try await engine.store.objects(named: keys) where !object.deleted {
      let fields: ObjectMap =
        reason.map { ["paused": true, "pausedReason": .string($0)] } ?? ["paused": false, "pausedReason": .null]
      found[Self.gitPrefix + object.name] = Intent(.patch, target(object), fields: fields)
    }
    return found
  }

  static let source = "GitSource"
  static let gitPrefix = "git:"

  /// Pauses the source of a set, or (no reason) lets it go on. False: it was not paused.
  public func pause(set: String, owner: UID, reason: String?, _ request: Request) async throws -> Bool {
    if let intent = try await sources(of: [(owner, set)], reason)[set] {
      return !(try await engine.commit([intent], origin: origin(request, reason == nil ? "resume" : "suspend"), dryRun: false))
        .positions
        .isEmpty
    }
    guard let reason else { return try await pauses.resume(set, owner: owner) }
    try await pauses.pause(set, owner: owner, SetPause(reason: reason, by: request.actor, at: engine.clock.now()))
    return true
  }
}
