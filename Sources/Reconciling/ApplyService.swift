// Sets of manifests made true: skip what is known by its hash, parse the rest, plan, guard deletions, commit as one.
import Core
import Documents
import Identity
import Kinds
import Manifests
import Planning
import Ports

public struct ApplyService: ApplyPort {
  /// All files of one apply together.
  public static let maxBytes = 64 << 20

  let engine: Engine
  /// SHA-256.
  let digest: @Sendable ([UInt8]) -> [UInt8]

  public init(engine: Engine, digest: @escaping @Sendable ([UInt8]) -> [UInt8]) {
    self.engine = engine
    self.digest = digest
  }

  public func apply(_ request: ApplyRequest, caller: Caller) async throws -> ApplyOutcome {
    let total = request.files.reduce(0) { $0 + $1.bytes.count }
    guard total <= Self.maxBytes else {
      throw Problems(
        Problem(
          .tooLarge, code: "too_large",
          "The files are \(total >> 20) MiB together; at most \(Self.maxBytes >> 20) MiB can be applied at once.",
          fix: "Apply them as several sets."))
    }
    let set = request.set ?? "default"
    let stored = try await engine.store.inventory(owner: request.owner, set: set)
    let documents = SetDocuments(request.files, secrets: request.secrets, digest: digest)
    let known = stored.catalogDigest == engine.catalog.digest ? documents.known(among: stored.rows) : []
    let changed = documents.files(without: known)
    let read = changed.isEmpty ? ManifestSet() : ManifestReader.read(files: changed, catalog: engine.catalog)
    // A file of comments alone is nothing to complain of beside unchanged ones.
    var problems = read.problems.filter { $0.code != "empty" || known.isEmpty } + duplicates(read.manifests, known)
    let tenants = try await TenantNames.resolve(read.manifests, owner: request.owner, engine: engine)
    let secrets = try await StatedSecrets.resolve(
      read.manifests, sent: request.secrets, tenants: tenants, engine: engine, caller: caller)
    problems += tenants.problems + secrets.problems + renamed(read.manifests, stored.rows)
    var intents: [Intent] = []
    for manifest in read.manifests {
      guard let tenant = tenants.uid(of: manifest) else { continue }
      problems += denials(manifest, tenant, caller, request)
      intents.append(
        intent(manifest, tenant, request, secrets.fill(documents.withSecrets(manifest), of: manifest), documents, tenants))
    }
    if !problems.isEmpty { throw Problems(problems + (await furtherProblems(intents, beside: problems))) }
    if documents.isEmpty, !request.prune || stored.rows.isEmpty {
      throw Problems(
        Problem(
          .invalid, code: "empty", "There is nothing to apply: no file holds a manifest.",
          fix: "Name a file or folder with manifests."))
    }
    if documents.isEmpty {
      throw Problems(
        Problem(
          .refused, code: "empty_source", "An empty source prunes nothing.",
          fix: "Delete the objects one by one if that is what you want."))
    }

    let stays = Set(known.map(\.uid))
    let held = request.reclaim ? Set(stored.rows.map { ObjectKey(tenant: $0.tenant, kind: $0.kind, name: $0.name) }) : []
    for at in intents.indices where !held.isEmpty {
      let intent = intents[at]
      if held.contains(Self.key(intent.tenant, intent.kind, Self.name(intent), engine)) { intents[at].takeOver = true }
    }
    let stated = Set(
      intents.flatMap { intent in
        [Self.name(intent), intent.movedFrom].compactMap { $0 }.map { Self.key(intent.tenant, intent.kind, $0, engine) }
      })
    let gone =
      request.prune
      ? stored.rows.filter { row in
        let names = [row.name, row.renamed].compactMap { $0 }
        return !stays.contains(row.uid) && row.current != nil
          && !names.contains { stated.contains(Self.key(row.tenant, row.kind, $0, engine)) }
      } : []
    let pause = try await SetPauses(engine.store).pause(of: set, owner: request.owner)
    let origin = Origin(manager: .set(set), actor: caller.actor, commit: request.sourceCommit, action: "apply", user: caller.user)
    let digest = digest
    let pins = PinnedPlan(
      store: engine.store, digest: { Self.hex(digest(Array($0.utf8))) }, contentHash: documents.contentHash(digest),
      catalogDigest: engine.catalog.digest)
    let all = intents
    let knownCount = known.count
    let dropped = stored.rows.filter { row in row.current == nil && !stays.contains(row.uid) }.map(\.uid)
    let outcome = try await engine.commit(
      all, prune: gone.map { ($0.tenant, $0.uid) }, origin: origin, dryRun: request.dryRun,
      deletions: request.isConfirmed
        ? nil
        : DeletionQuestion(
          scope: "apply/\(set)", tenant: request.owner, actor: caller.actor, token: request.confirm, total: stored.rows.count),
      check: { plan in if let pinned = request.plan, !pinned.isNull { try await pins.check(pinned, plan: plan) } },
      extend: { commit, plan in
        let change = Self.inventory(
          plan, all, set: set, request: request, removed: gone.map(\.uid) + dropped, catalog: engine.catalog.digest)
        let moved = !change.put.isEmpty || !change.removed.isEmpty || stored.catalogDigest != engine.catalog.digest
        if moved || !commit.writes.isEmpty { commit.inventory = [change] }
        // Without anything to write there is nothing to guard.
        if !commit.isEmpty { commit.fence = request.fence }
      })
    if let word = request.onDrift, !request.dryRun {
      try await engine.setOnDrift(word == "kind" ? nil : word, of: set, owner: request.owner)
    }
    var result = ApplyOutcome(
      plan: outcome.plan, positions: outcome.positions, unchanged: knownCount,
      pinned: request.dryRun ? pins.make(outcome.plan, commit: request.sourceCommit) : .null)
    if let pause {
      result.notes.append("set \(set) is paused \(pause.sentence): its source does not sync until plumb resume --set \(set)")
    }
    return result
  }

  private static func hex(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef")
    return String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
  }

  /// A manifest that still has the name from which its object was renamed: making it anew would be a second object.
  private func renamed(_ manifests: [Manifest], _ rows: [InventoryRow]) -> [Problem] {
    let moved = rows.filter { $0.renamed != nil && $0.current != nil }
    if moved.isEmpty { return [] }
    let names = Dictionary(moved.map { ("\($0.kind)/\($0.name)", $0) }, uniquingKeysWith: { first, _ in first })
    return manifests.compactMap { manifest in
      guard let row = names["\(manifest.kind.name)/\(manifest.name)"], let now = row.renamed else { return nil }
      return Problem(
        .conflict, code: "renamed", "\(manifest.object) was renamed to \(now).",
        place: manifest.places["/metadata/name"] ?? manifest.place,
        pointer: "/metadata/name", object: manifest.object, fix: "Write name: \(now), or rename it back.")
    }
  }

  /// All faults at once: what planning finds besides those of the manifests themselves.
  private func furtherProblems(_ intents: [Intent], beside problems: [Problem]) async -> [Problem] {
    var snapshot = Snapshot()
    let origin = Origin(manager: .set("check"), actor: "check", action: "check")
    guard let plan = try? await engine.plan(intents, prune: [], origin: origin, snapshot: &snapshot) else { return [] }
    return BesideFaults.standing(plan.problems, beside: problems, catalog: engine.catalog)
  }

  private static func name(_ intent: Intent) -> String {
    if case .key(let key) = intent.target { key.name } else { "" }
  }

  private static func key(_ tenant: UID, _ kind: String, _ name: String, _ engine: Engine) -> ObjectKey {
    ObjectKey(tenant: engine.home(kind, tenant), kind: kind, name: name)
  }

  /// A changed document that states an object which an unchanged one states too.
  private func duplicates(_ manifests: [Manifest], _ known: [InventoryRow]) -> [Problem] {
    guard !known.isEmpty, !manifests.isEmpty else { return [] }
    let rows = Dictionary(known.map { ("\($0.kind)/\($0.name)", $0) }, uniquingKeysWith: { first, _ in first })
    return manifests.compactMap { manifest in
      guard let row = rows["\(manifest.kind.name)/\(manifest.name)"] else { return nil }
      // Another tenant's object may have the same name.
      if manifest.tenant != nil, row.file != manifest.place.file { return nil }
      return Problem(
        .invalid, code: "duplicate_object", "The same object is stated twice in one set; first at \(row.file):\(row.line):1.",
        place: manifest.place, object: "\(manifest.kind.name)/\(manifest.name)", fix: "Remove one of them.")
    }
  }

  private func denials(_ manifest: Manifest, _ tenant: UID, _ caller: Caller, _ request: ApplyRequest) -> [Problem] {
    func denied(_ message: String) -> Problem {
      Problem(.denied, code: "denied", message, place: manifest.place, object: "\(manifest.kind.name)/\(manifest.name)")
    }
    if let allowed = request.tenants, !allowed.contains(manifest.tenant ?? caller.tenantName) {
      return [
        denied(
          manifest.tenant.map { "This source may not write tenant \($0)." }
            ?? "metadata.tenant is missing: this source does not write its own tenant.")
      ]
    }
    if engine.home(manifest.kind.name, tenant) == .rootTenant, !caller.isOperator {
      return [denied("Only operators of the installation may state a \(manifest.kind.name).")]
    }
    if tenant != caller.tenant, !caller.isOperator { return [denied("You are not a member of this tenant.")] }
    if !caller.may("write", manifest.kind.name) || !(caller.scopes.contains("*") || caller.scopes.contains("write")) {
      return [denied("You may not write \(manifest.kind.name) objects.")]
    }
    return []
  }

  private func intent(
    _ manifest: Manifest, _ tenant: UID, _ request: ApplyRequest, _ fields: ObjectMap, _ documents: SetDocuments,
    _ tenants: TenantNames
  ) -> Intent {
    var intent = Intent(
      .apply, .key(ObjectKey(tenant: tenant, kind: manifest.kind.name, name: manifest.name)),
      fields: fields, labels: manifest.labels, protect: manifest.protect, place: manifest.place,
      places: manifest.places, takeOver: request.takeOver, checked: true, writer: .any, hash: documents.hash(of: manifest),
      newUID: manifest.kind.name == "Tenant" ? tenants.minted[manifest.name] : nil)
    intent.movedFrom = manifest.movedFrom
    intent.unmanaged = manifest.unmanaged
    intent.onDrift = manifest.onDrift
    intent.adopts = request.adopt
    return intent
  }

  private static func inventory(
    _ plan: Plan, _ intents: [Intent], set: String, request: ApplyRequest, removed: [UID], catalog: String
  ) -> InventoryChange {
    var put: [InventoryRow] = []
    put.reserveCapacity(intents.count)
    for (index, intent) in intents.enumerated() {
      guard let uid = plan.targets[index], let object = plan.results[uid] else { continue }
      put.append(
        InventoryRow(
          tenant: object.tenant, uid: uid, kind: object.kind, name: object.name, hash: intent.hash, version: object.version,
          file: intent.place?.file ?? "", line: intent.place?.line ?? 0))
    }
    return InventoryChange(set: set, owner: request.owner, put: put, removed: removed, catalogDigest: catalog)
  }
}
