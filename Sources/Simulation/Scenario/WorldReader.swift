// Tells of a simulated world whether it is as it should be, and what became of what was promised.
import Core
import Kinds
import Ports

struct WorldReader {
  /// Work that has been due for this long is overdue.
  static let patience = Duration.seconds(3)

  let store: any StorePort
  let world: ProcessWorld
  let letters: LetterWorld
  let tenants: [UID]
  let clock: any Clock

  func state() async throws -> WorldState {
    var state = WorldState()
    for (number, tenant) in tenants.enumerated() {
      for app in try await list(tenant, "App") {
        let desired = ObjectMap(WorldState.compared.compactMap { name in app.spec[name].map { (name, $0) } }).sorted()
        state.apps["\(number)/\(app.name)"] = WorldState.App(desired: desired, running: world.running(app.uid))
      }
    }
    return state
  }

  /// What is not yet as it should be; empty when observed equals desired.
  func unsettled() async throws -> [String] {
    var open: [String] = []
    var live: Set<UID> = []
    for tenant in tenants {
      let apps = try await list(tenant, "App")
      live.formUnion(apps.map(\.uid))
      for app in apps { open += differences(app) }
      for run in try await list(tenant, "NotificationTest") {
        let phase = run.status["phase"].string ?? "none"
        if phase == "none" || phase == "Running" { open.append("\(run.uid) has not ended: \(phase)") }
      }
      for app in apps {
        for effect in try await store.effects(of: [ObjectPlace(tenant: tenant, uid: app.uid)], unconsumedOnly: true)
        where effect.state == .intended {
          open.append("\(app.name): \(effect.step.name) was intended and never resolved")
        }
      }
    }
    for uid in world.apps where !live.contains(uid) { open.append("children of \(uid) run, and there is no such app") }
    let all = (0..<ShardCount.total).map { Fence(shard: $0, holder: .rootTenant, epoch: 0) }
    for item in try await store.due(fences: all, limit: 100) where item.due + Self.patience < clock.now() {
      open.append("\(item.kind) \(item.uid) has been due since \(item.due)")
    }
    return open
  }

  private func differences(_ app: StoredObject) -> [String] {
    if app.deleting != nil { return ["\(app.name) is still going"] }
    var open: [String] = []
    if app.observedGeneration != app.generation {
      open.append("\(app.name) was observed at \(app.observedGeneration), wanted at \(app.generation)")
    }
    if !app.isReady {
      open.append("\(app.name) is not ready: \(app.conditions.first { $0.type == "Ready" }?.message ?? "nothing is known")")
    }
    let replicas = app.spec["running"]?.bool == false ? 0 : app.spec["replicas"]?.int ?? 1
    let running = world.running(app.uid)
    if running.keys.sorted() != Array(0..<replicas) {
      open.append("\(app.name) runs copies \(running.keys.sorted()), wanted \(replicas)")
    }
    if running.values.contains(where: { $0 != app.status["revision"].string }) {
      open.append("\(app.name) runs another revision than its own")
    }
    if app.status["readyReplicas"].int ?? 0 != replicas {
      open.append("\(app.name) says \(app.status["readyReplicas"]) copies, wanted \(replicas)")
    }
    return open
  }

  /// What must hold at every moment.
  func broken() async throws -> [String] {
    var broken: [String] = []
    for tenant in tenants {
      let capacities = Dictionary(
        try await list(tenant, "Server").map { ($0.uid.description, $0.spec["capacity"]?.int ?? 0) },
        uniquingKeysWith: { a, _ in a })
      let placed = Dictionary(grouping: try await list(tenant, "App").compactMap { $0.status["placedServer"].string }, by: { $0 })
      for (server, apps) in placed where apps.count > capacities[server] ?? 0 {
        broken.append("server \(server) holds \(apps.count) apps, and has room for \(capacities[server] ?? 0)")
      }
    }
    for tenant in tenants {
      let pools = Set(try await list(tenant, "ServerPool").map { $0.uid.description })
      for object in try await list(tenant, "Server") + (try await list(tenant, "App")) {
        guard let pool = object.spec["pool"]?.string, !pools.contains(pool) else { continue }
        broken.append("\(object.label) refers to a pool that is gone")
      }
    }
    if world.doubleStarts > 0 { broken.append("\(world.doubleStarts) starts of a copy that was running") }
    for (uid, count) in letters.sent where count > 1 {
      broken.append("\(uid) sent \(count) letters; a step of class once was repeated")
    }
    return broken.sorted()
  }

  /// What was promised and is not there.
  func lost(_ promises: [Acknowledged]) async throws -> [String] {
    var lost: [String] = []
    for promise in promises {
      let entry = try await store.history(tenant: promise.tenant, uid: promise.uid, before: promise.version + 1, limit: 1).first
      if entry?.version != promise.version {
        lost.append("version \(promise.version) of \(promise.uid) was acknowledged and is not in history")
      } else if let entry, entry.operation != "d", entry.operation != "x", entry.spec != promise.spec {
        lost.append("version \(promise.version) of \(promise.uid) is another than was acknowledged")
      }
    }
    for tenant in tenants {
      for run in try await list(tenant, "NotificationTest") where run.status["phase"] == "Succeeded" && letters.sent[run.uid] != 1
      {
        lost.append("\(run.uid) says that its letter was sent, and it was not")
      }
      guard case .changes(let changes, _) = try await store.changes(tenant: tenant, after: 0, limit: 100_000) else {
        lost.append("the feed of \(tenant) does not start at its start")
        continue
      }
      let end = try await store.position(tenant: tenant)
      if changes.map(\.position) != Array(1...max(1, end)) { lost.append("the feed of \(tenant) has gaps or is out of order") }
    }
    return lost
  }

  private func list(_ tenant: UID, _ kind: String) async throws -> [StoredObject] {
    try await store.list(ObjectQuery(tenant: tenant, kind: kind, limit: 1000)).objects
  }
}
