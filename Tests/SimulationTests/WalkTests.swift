// A random walk through desired states of all kinds: in the simulator, with the workers at work, and on real PostgreSQL.
import Controllers
import Core
import Crypto
import Foundation
import Identity
import KindLoading
import Kinds
import Planning
import Ports
import PostgresStore
import Reconciling
import Simulation
import TestSupport
import XCTest

final class WalkTests: XCTestCase {
  static let steps = 1000
  static let stepsOnPostgres = 60
  /// Of the kinds that manifests may state, at least this share must have been reached by the long walk: in hundredths.
  static let share = 70

  private static func catalog() throws -> KindCatalog {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    return try KindLoader.load(root.appendingPathComponent("specs"))
  }

  private static func number(_ name: String) -> UInt64? { ProcessInfo.processInfo.environment[name].flatMap { UInt64($0) } }

  func testEachStateOfAWalkIsReachedInTheSimulator() throws {
    let catalog = try Self.catalog()
    let seed = Self.number("PLUMB_SEED") ?? 1
    let steps = Self.number("PLUMB_STEPS").map(Int.init) ?? Self.steps
    let simulation = ManifestSimulation(
      catalog: catalog, controllers: ControllerRegistry.all, cleanup: ControllerRegistry.cleanup, digest: { Digest.sha256($0) })
    let walk = DesiredWalk(catalog: catalog, seed: seed)
    try SimulatedPlatform.run(simulation, seed: seed) { platform in
      let target = SimulatedTarget(platform: platform, tenant: try await platform.tenant("walk"))
      for step in 1...steps {
        do { try await walk.step(target) } catch {
          throw Problem(.failure, code: "walk", "PLUMB_SEED=\(seed), step \(step): \(error)")
        }
      }
    }
    let missed = walk.candidates.subtracting(walk.reached).sorted()
    print(
      "\(steps) states; \(walk.reached.count) of \(walk.candidates.count) kinds; not reached: \(missed); refused draws: \(walk.refused)"
    )
    XCTAssertGreaterThanOrEqual(
      walk.reached.count * 100, walk.candidates.count * Self.share, "kinds that no step reached: \(missed)")
  }

  func testEachStateOfAWalkIsReachedOnPostgres() async throws {
    let catalog = try Self.catalog()
    let seed = Self.number("PLUMB_SEED") ?? 2
    let store = try await PostgresStore(pool: ConnectionPool(address: try await TestPostgres.shared.database()), catalog: catalog)
    defer { store.close() }
    let secrets = SimSecrets(random: SeededRandom(seed: seed))
    let engine = Engine(
      catalog: catalog, store: store, clock: SystemClock(), sealing: secrets, minting: secrets, cleanup: [])
    let target = StoreTarget(
      engine: engine, tenant: secrets.uid(at: SystemClock().now()),
      apply: ApplyService(engine: engine, digest: { Digest.sha256($0) }))
    let walk = DesiredWalk(catalog: catalog, seed: seed)
    for step in 1...Self.stepsOnPostgres {
      do { try await walk.step(target) } catch { return XCTFail("PLUMB_SEED=\(seed), step \(step): \(error)") }
    }
    XCTAssertGreaterThan(walk.reached.count, 5)
  }
}

private struct SimulatedTarget: WalkTarget {
  let platform: SimulatedPlatform
  let tenant: UID
  func apply(_ files: [ApplyFile], prune: Bool, dryRun: Bool) async throws -> ApplyOutcome {
    try await platform.apply(ApplyRequest(set: "walk", owner: tenant, prune: prune, dryRun: dryRun, files: files))
  }
  func objects(_ kind: String) async throws -> [StoredObject] { platform.objects(kind) }
  func settle() async throws -> [String] { try await platform.settle(within: .seconds(600), ready: false) }
}

private struct StoreTarget: WalkTarget {
  let engine: Engine
  let tenant: UID
  let apply: ApplyService
  func apply(_ files: [ApplyFile], prune: Bool, dryRun: Bool) async throws -> ApplyOutcome {
    try await apply.apply(
      ApplyRequest(set: "walk", owner: tenant, prune: prune, dryRun: dryRun, files: files), caller: .system(tenant: tenant))
  }
  func objects(_ kind: String) async throws -> [StoredObject] {
    try await engine.store.list(ObjectQuery(tenant: engine.home(kind, tenant), kind: kind, limit: 1000)).objects
  }
  func settle() async throws -> [String] { [] }
}
