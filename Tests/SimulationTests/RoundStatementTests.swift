// Reconciling many objects takes the statements of reconciling few, on real PostgreSQL; one that cannot go on does not keep the others.
import Controllers
import Core
import Execution
import Foundation
import KindLoading
import Kinds
import Ports
import PostgresStore
import Simulation
import TestSupport
import XCTest

@testable import Reconciling

final class RoundStatementTests: XCTestCase {
  /// Starts what it is told to, once; names the servers it could stand on.
  private struct Starter: KindController {
    let kind = "App"
    func observation(_ input: ReconcileInput) -> (service: String, operation: String, arguments: Value)? {
      ("tally", "look", .null)
    }
    func needs(_ input: ReconcileInput) -> [Need] {
      [
        Need("servers", kind: "Server", matches: [.init(.spec, "pool", among: [.null])]),
        Need("own", kind: "EnvVar", matches: [.init(.spec, "app", among: [.string(input.metadata.uid.description)])]),
      ]
    }
    func decide(_ input: ReconcileInput) -> Decision {
      if input.deleting { return Decision(status: input.status, finished: true) }
      let started = input.status["started"].bool == true || input.replies.contains { $0.outcome == .done }
      let status: Value = [
        "started": .bool(started),
        "conditions": [
          Condition("Ready", started ? .yes : .no, reason: "Start", message: "", since: input.now).value
        ],
      ]
      if started { return Decision(status: status) }
      return Decision(
        status: status,
        steps: [
          Step(name: "start", service: "tally", operation: "start", arguments: .null, kind: .idempotent, deadline: .seconds(5))
        ], events: [("Starting", "one more", false)])
    }
  }

  private actor Tally: ServicePort {
    nonisolated let name = "tally"
    nonisolated let answersAtOnce = true
    private(set) var started: [UID: Int] = [:]
    func observe(_ metadata: ObjectMetadata, operation: String, arguments: Value) async throws -> Value { .int(1) }
    func perform(_ step: Step, key: String, metadata: ObjectMetadata) async -> StepReply {
      started[metadata.uid, default: 0] += 1
      return StepReply(step: step.name, outcome: .done, value: .null)
    }
  }

  private struct World {
    let store: PostgresStore
    let engine: Engine
    let reconciler: Reconciler
    let tally: Tally
    let tenant: UID
    let fences: [Fence]
  }

  private func world() async throws -> World {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let catalog = try KindLoader.load(root.appendingPathComponent("specs"))
    let store = try await PostgresStore(pool: ConnectionPool(address: try await TestPostgres.shared.database()), catalog: catalog)
    let secrets = SimSecrets(random: SeededRandom(seed: 5))
    let clock = SystemClock()
    let engine = Engine(
      catalog: catalog, store: store, clock: clock, sealing: secrets, minting: secrets, cleanup: ["App"])
    let tally = Tally()
    let services = Services([tally])
    let runner = StepRunner(services: services, clock: clock, sealing: secrets) { "\($0)/\($1)/\($2)" }
    let reconciler = Reconciler(
      engine: engine, services: services, runner: runner, controllers: [Starter()], sealing: secrets, readinessMoved: { _ in })
    let fences = try await store.renew(
      replica: secrets.uid(at: clock.now()), until: clock.now() + .seconds(60), catalogDigest: "", wantsWork: true)
    return World(
      store: store, engine: engine, reconciler: reconciler, tally: tally, tenant: secrets.uid(at: clock.now()), fences: fences)
  }

  private func make(_ names: [String], _ world: World) async throws {
    let intents = names.map { name in
      Intent(
        .create, .key(ObjectKey(tenant: world.tenant, kind: "App", name: name)),
        fields: ["title": .string(name), "command": ["x"]])
    }
    _ = try await world.engine.write(intents, origin: Origin(manager: .api, actor: "test", action: "test"), guards: nil)
  }

  private func due(_ world: World) async throws -> [InHand] {
    let claims = Dictionary(world.fences.map { ($0.shard, $0) }, uniquingKeysWith: { first, _ in first })
    return try await world.store.due(fences: world.fences, limit: 1000).filter { $0.tenant == world.tenant }.map {
      InHand(item: $0, fence: claims[$0.shard]!)
    }
  }

  /// Goes on until nothing is in hand; the number of statements that took.
  private func reconcile(_ world: World, _ hands: [InHand]) async throws -> Int {
    let before = world.store.statementCount
    var hands = hands
    var rounds = 0
    while !hands.isEmpty, rounds < 10 {
      rounds += 1
      var next: [InHand] = []
      for end in await world.reconciler.round(hands) {
        switch end {
        case .done: break
        case .again(let hand): next.append(hand)
        case .errand(let hand, let errand): next.append(await world.reconciler.run(errand, for: hand) { true })
        case .failed(let error): XCTFail("\(error)")
        }
      }
      hands = next
    }
    XCTAssertTrue(hands.isEmpty, "not done after \(rounds) rounds")
    return world.store.statementCount - before
  }

  func testStatementsDoNotGrowWithObjects() async throws {
    let world = try await world()
    defer { world.store.close() }
    // What is prepared and read once and for all.
    try await make(["first"], world)
    _ = try await reconcile(world, try await due(world))
    var statements: [Int] = []
    for count in [2, 60] {
      try await make((0..<count).map { "n\(count)-\($0)" }, world)
      let hands = try await due(world)
      XCTAssertEqual(hands.count, count)
      statements.append(try await reconcile(world, hands))
    }
    // Notifications are coalesced as time has it: one more or less.
    XCTAssertLessThanOrEqual(statements[1], statements[0] + 4, "60 objects beside 2")
    let apps = try await world.store.list(ObjectQuery(tenant: world.tenant, kind: "App", limit: 1000)).objects
    XCTAssertEqual(apps.count, 63)
    XCTAssertTrue(apps.allSatisfy(\.isReady))
    let started = await world.tally.started
    XCTAssertEqual(started.values.sorted(), Array(repeating: 1, count: 63))
    let left = try await due(world)
    XCTAssertEqual(left.count, 0)
  }

  func testOneThatLostItsShardDoesNotKeepTheOthers() async throws {
    let world = try await world()
    defer { world.store.close() }
    try await make((0..<10).map { "a\($0)" }, world)
    var hands = try await due(world)
    let stale = Fence(shard: hands[3].fence.shard, holder: hands[3].fence.holder, epoch: hands[3].fence.epoch - 1)
    hands[3] = InHand(item: hands[3].item, fence: stale)
    let ends = await world.reconciler.round(hands)
    for (at, end) in ends.enumerated() {
      switch end {
      case .failed(CommitFailure.fenced): XCTAssertEqual(at, 3)
      case .errand: XCTAssertNotEqual(at, 3)
      default: XCTFail("\(at): \(end)")
      }
    }
  }

  func testOneThatMovedIsDecidedAgain() async throws {
    let world = try await world()
    defer { world.store.close() }
    try await make(["gone", "kept"], world)
    let hands = try await due(world)
    let all = try await world.store.list(ObjectQuery(tenant: world.tenant, kind: "App", limit: 10)).objects
    let gone = try XCTUnwrap(all.first { $0.name == "gone" })
    _ = try await world.engine.write(
      [Intent(.delete, .uid(tenant: world.tenant, kind: "App", gone.uid))],
      origin: Origin(manager: .api, actor: "test", action: "test"), guards: nil)
    // The items in hand are older than the deletion: what they finish stays due.
    _ = try await reconcile(world, hands)
    _ = try await reconcile(world, try await due(world))
    let left = try await world.store.list(ObjectQuery(tenant: world.tenant, kind: "App", limit: 10)).objects
    XCTAssertEqual(left.map(\.name), ["kept"])
  }
}
