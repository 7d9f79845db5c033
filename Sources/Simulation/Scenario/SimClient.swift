// The clients of a simulation: each makes its wishes in order, asks again until it is answered, and remembers what it was promised.
import Core
import Foundation
import Kinds
import Planning
import Ports
import Reconciling

final class SimClient: @unchecked Sendable {
  /// Attempts at one wish; the pause between them is about half a second.
  static let maxAttempts = 600

  private let cluster: SimCluster
  private let executor: SimExecutor
  private let clock: SimClock
  private let world: ProcessWorld
  private let repository: RepositoryWorld
  private let store: any StorePort
  private let log: SimLog
  private let random: SeededRandom
  private(set) var promises: [Acknowledged] = []
  /// Wishes that nobody granted in time.
  private(set) var refused: [String] = []

  init(
    cluster: SimCluster, executor: SimExecutor, world: ProcessWorld, repository: RepositoryWorld, store: any StorePort,
    seed: UInt64,
    log: SimLog
  ) {
    self.repository = repository
    self.cluster = cluster
    self.executor = executor
    clock = SimClock(executor)
    self.world = world
    self.store = store
    self.log = log
    random = SeededRandom(seed: seed ^ 0x0c11_e417)
  }

  /// What every tenant starts with.
  func setUp(_ scenario: Scenario, _ tenants: [UID]) async {
    for (number, tenant) in tenants.enumerated() {
      await grant(intent(.apply, tenant, "ServerPool", Scenario.pool, ["region": "here"]))
      for (server, capacity) in scenario.servers[number].enumerated() {
        await grant(intent(.apply, tenant, "Server", "s\(server)", ["pool": .string(Scenario.pool), "capacity": .int(capacity)]))
      }
      for spare in Scenario.spares {
        await grant(intent(.apply, tenant, "Server", spare, ["schedulable": false, "capacity": 1]))
      }
      await grant(
        intent(.apply, tenant, "NotificationChannel", Scenario.channel, ["type": "email", "email": ["post@example.com"]]))
      await grant(
        intent(
          .apply, tenant, "Webhook", Surroundings.webhook,
          [
            "url": "https://hooks.example.com/", "objectTypes": .list(Surroundings.told.sorted().map(Value.string)),
            "maxFailures": 1000,
          ]))
    }
    repository.push(Surroundings.manifests(0))
    await grant(
      intent(
        .apply, .rootTenant, "GitSource", Surroundings.source,
        ["url": "https://git.example.com/sim.git", "branch": "main", "interval": "20s"]))
    for (number, credits) in Surroundings.plans.enumerated() {
      await grant(
        intent(
          .apply, .rootTenant, "Plan", Surroundings.plan(number),
          ["title": .string(Surroundings.plan(number)), "usageCreditsPerMonth": .int(credits)]))
    }
    await grant(intent(.apply, .rootTenant, "Tenant", Surroundings.subscriber, ["title": "Subscriber"]))
    await grant(
      intent(
        .apply, .rootTenant, "Subscription", Surroundings.subscription,
        ["tenant": .string(Surroundings.subscriber), "plan": .string(Surroundings.plan(0))]))
  }

  func make(_ lane: Lane, _ tenant: UID, from start: Timestamp) async {
    for wish in lane.wishes {
      let wait = start + wish.at - clock.now()
      if wait > .zero { await executor.pause(wait) }
      switch wish.action {
      case .create(let replicas, let pooled):
        var fields = Scenario.created(lane.name, replicas)
        fields["restart"] = ["initialSeconds": 0.5, "maxSeconds": 5]
        if pooled { fields["pool"] = .string(Scenario.pool) }
        await grant(intent(.apply, tenant, "App", lane.name, fields))
      case .scale(let replicas): await grant(intent(.patch, tenant, "App", lane.name, ["replicas": .int(replicas)]))
      case .env(let text): await grant(intent(.patch, tenant, "App", lane.name, ["env": ["V": .string(text)]]))
      case .run(let runs): await grant(intent(.patch, tenant, "App", lane.name, ["running": .bool(runs)]))
      case .delete: await grant(intent(.delete, tenant, "App", lane.name, [:]))
      case .cordon(let closed): await grant(intent(.patch, tenant, "Server", lane.name, ["schedulable": .bool(!closed)]))
      case .letter:
        await grant(
          Intent(.create, .new(tenant: tenant, kind: "NotificationTest"), fields: ["channel": .string(Scenario.channel)]))
      case .pool(true): await grant(intent(.apply, tenant, "ServerPool", Scenario.side, ["region": "there"]), orGiveUp: true)
      case .pool(false): await grant(intent(.delete, tenant, "ServerPool", Scenario.side, [:]), orGiveUp: true)
      case .join(let joins):
        await grant(
          intent(.patch, tenant, "Server", lane.name, ["pool": joins ? .string(Scenario.side) : .null]), orGiveUp: true)
      case .push(let number):
        let hash = repository.push(Surroundings.manifests(number))
        log.add("commit \(number) is pushed: \(hash.prefix(12))")
      case .subscribe(let plan):
        await grant(
          intent(
            .patch, .rootTenant, "Subscription", Surroundings.subscription, ["plan": .string(Surroundings.plan(plan))]))
      case .kill(let index):
        guard let app = try? await store.objects(named: [ObjectKey(tenant: tenant, kind: "App", name: lane.name)]).first else {
          continue
        }
        log.add("child \(index) of \(lane.name) ends")
        world.kill(app.uid, index: index)
      }
    }
  }

  private func intent(_ operation: Intent.Operation, _ tenant: UID, _ kind: String, _ name: String, _ fields: ObjectMap) -> Intent
  {
    Intent(operation, .key(ObjectKey(tenant: tenant, kind: kind, name: name)), fields: fields)
  }

  /// Asks until it is done. A client whose answer was lost asks again: all of these mean the same twice, except for letters.
  /// - Parameter orGiveUp: a refusal is an answer.
  private func grant(_ intent: Intent, orGiveUp: Bool = false) async {
    var last = "nobody was there"
    for _ in 0..<Self.maxAttempts {
      if let replica = cluster.any() {
        do {
          let outcome = try await replica.engine.write(
            [intent], origin: Origin(manager: .api, actor: "user:sim", action: "write"))
          if !outcome.positions.isEmpty, let object = outcome.object(0) {
            log.add("client heard from \(replica.link.name): \(object.label) v\(object.version)")
            promises.append(Acknowledged(tenant: object.tenant, uid: object.uid, version: object.version, spec: object.spec))
          }
          return
        } catch let problems as Problems where intent.operation == .delete && problems.category == .missing {
          return
        } catch is Problems where orGiveUp { return } catch { last = "\(error)" }
      }
      await executor.pause(.milliseconds(250 + Int(random.next() % 500)))
    }
    refused.append("\(intent.kind) \(intent.target): \(last)")
  }
}
