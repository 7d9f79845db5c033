// One `plumb serve` in a simulation: engine, worker, follower, on a wire of its own.
import Core
import Execution
import Kinds
import Ports
import Reconciling

final class SimReplica: Sendable {
  let link: ReplicaLink
  let engine: Engine
  let store: FaultyStore
  private let worker: Worker
  private let follower: FeedFollower
  private let services: [any ServicePort]

  init(
    link: ReplicaLink, store: any StorePort, services: [any ServicePort], repository: RepositoryWorld? = nil,
    catalog: KindCatalog,
    controllers: [any KindController], cleanup: Set<String>, log: SimLog, standIn: (@Sendable (String) -> any ServicePort)? = nil
  ) {
    let clock = SkewedClock(clock: SimClock(link.executor), skew: link.skew)
    let secrets = SimSecrets(random: link.random)
    let faulty = FaultyStore(store, link: link)
    engine = Engine(catalog: catalog, store: faulty, clock: clock, sealing: secrets, minting: secrets, cleanup: cleanup)
    var reached: [any ServicePort] = services.map { FaultyService($0, link: link) }
    if let repository {
      let applying = SourceApply(service: ApplyService(engine: engine, digest: Self.digest))
      reached.append(FaultyService(SimGit(repository, applying: applying, clock: clock), link: link))
    }
    // What the engine serves itself is there as it is; anything else that a controller may ask has its stand-in.
    let own: [any ServicePort] = [FeedService(store: faulty, catalog: catalog), RecordsService(store: faulty, catalog: catalog)]
    let all = Services(
      reached + own, fallback: standIn.map { make in { @Sendable name in FaultyService(make(name), link: link) } })
    let name = link.name
    let runner = StepRunner(services: all, clock: clock, sealing: secrets) { "\($0)/\($1)/\($2)" }
    let reconciler = Reconciler(
      engine: engine, services: all, runner: runner, controllers: controllers, sealing: secrets,
      readinessMoved: { _ in })
    let one = Worker(
      store: faulty, reconciler: reconciler, clock: clock, random: link.random, replica: secrets.uid(at: clock.now()),
      catalogDigest: catalog.digest, log: { text in log.add("\(name): \(text)") })
    worker = one
    follower = FeedFollower(
      store: faulty, catalog: catalog, controlled: Set(controllers.map(\.kind)), changed: { _ in }, heard: { one.hear() },
      log: { text in log.add("\(name): \(text)") })
    self.services = reached
    self.store = faulty
    self.link = link
  }

  /// Enough to tell documents apart.
  private static let digest: @Sendable ([UInt8]) -> [UInt8] = { bytes in
    var hash = StableHash()
    hash.add(bytes)
    return Array(hash.text.utf8)
  }

  /// Until its end.
  func run() async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await self.worker.run() }
      group.addTask { await self.follower.run() }
      for service in services {
        group.addTask {
          for await wake in service.wakes() {
            try? await self.store.wake([WorkRequest(tenant: wake.tenant, uid: wake.uid, kind: wake.kind)])
            self.worker.hear()
          }
        }
      }
    }
  }
}
