// A policy that is made while a plan is on its way: the plan does not slip past it.
import Controllers
import Core
import Foundation
import KindLoading
import Kinds
import Planning
import Ports
import Reconciling
import Simulation
import XCTest

final class PolicyRaceTests: XCTestCase {
  /// Does something once, between a plan and its commit.
  private final class Interrupting: ForwardingStore, @unchecked Sendable {
    private let lock = NSLock()
    private var act: (@Sendable () async throws -> Void)?
    private(set) var commits = 0

    func before(_ act: @escaping @Sendable () async throws -> Void) { lock.withLock { self.act = act } }

    override func commit(_ commit: Commit) async throws -> CommitResult {
      let first = lock.withLock {
        commits += 1
        defer { act = nil }
        return act
      }
      try await first?()
      return try await inner.commit(commit)
    }
  }

  private struct World {
    var engine: Engine
    var store: Interrupting
    /// Writes past the interrupted store.
    var other: Engine
    var tenant: UID
  }

  private func world() throws -> World {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let catalog = try KindLoader.load(root.appendingPathComponent("specs"))
    let random = SeededRandom(seed: 7)
    let secrets = SimSecrets(random: random)
    let memory = MemoryStore(catalog: catalog, clock: SystemClock())
    let store = Interrupting(memory)
    func engine(_ store: any StorePort) -> Engine {
      Engine(
        catalog: catalog, store: store, clock: SystemClock(), sealing: secrets, minting: secrets,
        cleanup: ControllerRegistry.cleanup)
    }
    return World(engine: engine(store), store: store, other: engine(memory), tenant: secrets.uid(at: SystemClock().now()))
  }

  private static let origin = Origin(manager: .api, actor: "user:ada", action: "test")

  private func policy(_ tenant: UID, _ name: String = "no-pools", require: String = "kind != 'ServerPool'") -> Intent {
    Intent(
      .apply, .key(ObjectKey(tenant: tenant, kind: "Policy", name: name)),
      fields: ["require": .string(require), "message": "No pools."])
  }

  private func pool(_ world: World, _ name: String) async throws {
    _ = try await world.engine.write(
      [Intent(.apply, .key(ObjectKey(tenant: world.tenant, kind: "ServerPool", name: name)), fields: ["region": "eu"])],
      origin: Self.origin)
  }

  private func isThere(_ world: World, _ name: String) async throws -> Bool {
    try await !world.store.objects(named: [ObjectKey(tenant: world.tenant, kind: "ServerPool", name: name)]).isEmpty
  }

  func testAPolicyMadeMeanwhileBindsThePlan() async throws {
    for installation in [false, true] {
      let world = try world()
      try await pool(world, "before")
      let owner = installation ? UID.rootTenant : world.tenant
      if installation {
        // A policy of the installation looks at the tenant's name.
        _ = try await world.other.write(
          [Intent(.apply, .key(ObjectKey(tenant: .rootTenant, kind: "Tenant", name: "acme")), fields: [:], newUID: world.tenant)],
          origin: Self.origin)
      }
      let made = policy(owner)
      world.store.before { _ = try await world.other.write([made], origin: Self.origin) }
      do {
        try await pool(world, "late")
        XCTFail("the plan slipped past the policy (installation: \(installation))")
      } catch let problems as Problems { XCTAssertEqual(problems.list.map(\.code), ["policy"], "\(problems)") }
      let there = try await isThere(world, "late")
      XCTAssertFalse(there)
    }
  }

  func testAPolicyThatIsChangedOrGoesMeanwhileIsHeededAsItIsThen() async throws {
    let world = try world()
    _ = try await world.other.write([policy(world.tenant, require: "true")], origin: Self.origin)
    let stricter = policy(world.tenant)
    world.store.before { _ = try await world.other.write([stricter], origin: Self.origin) }
    do {
      try await pool(world, "late")
      XCTFail("the plan was held against the policy of before")
    } catch let problems as Problems { XCTAssertEqual(problems.list.map(\.code), ["policy"]) }
    let gone = Intent(.delete, .key(ObjectKey(tenant: world.tenant, kind: "Policy", name: "no-pools")))
    _ = try await world.other.write([gone], origin: Self.origin)
    try await pool(world, "late")
    // Nobody else's policies are pinned, nor other objects: one attempt is enough.
    let before = world.store.commits
    let foreign = policy(UID(high: 1, low: 2))
    world.store.before { _ = try await world.other.write([foreign], origin: Self.origin) }
    try await pool(world, "later")
    XCTAssertEqual(world.store.commits, before + 1)
  }
}
