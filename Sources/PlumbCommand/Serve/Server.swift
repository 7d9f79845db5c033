// A running `plumb serve`: puts the modules together, starts them in order, stops them in reverse.
import Accounts
import Controllers
import Core
import Crypto
import Execution
import Foundation
import GitRepositories
import HTTPServer
import Identity
import IdentityAdapters
import KindLoading
import Kinds
import Mail
import ModelProvider
import NameResolution
import NativeView
import OutgoingHTTP
import PDFRendering
import Payments
import Planning
import Ports
import PostgresStore
import ProcessRuntime
import Reconciling
import RestView
import TextMessages

final class Server: @unchecked Sendable {
  /// Requests in flight may take this long after the stop.
  static let drain = Duration.seconds(10)
  static let wakeAttempts = 40
  /// Adapters that an installation may lack: routes that ask them say what holds without.
  static let optionalServices: Set<String> = ["metrics"]

  let url: String
  private let data: DataDirectory
  private let postgres: PrivatePostgres?
  private let pool: ConnectionPool
  private let store: PostgresStore
  private let http: HTTPServer?
  private let worker: Worker?
  private let services: Services
  private let ready: ReadyFlag
  private let tasks: [Task<Void, Never>]
  private let upkeep: Upkeep

  private init(
    url: String, data: DataDirectory, postgres: PrivatePostgres?, pool: ConnectionPool, store: PostgresStore, http: HTTPServer?,
    worker: Worker?,
    services: Services, ready: ReadyFlag, tasks: [Task<Void, Never>], upkeep: Upkeep
  ) {
    self.url = url
    self.data = data
    self.postgres = postgres
    self.pool = pool
    self.store = store
    self.http = http
    self.worker = worker
    self.services = services
    self.ready = ready
    self.tasks = tasks
    self.upkeep = upkeep
  }

  /// Only where a provider is configured: routes that find none write their own words.
  private static func models(_ options: ServeOptions) -> [any ServicePort] {
    options.model.map { [ModelService($0)] } ?? []
  }

  static func start(_ options: ServeOptions, log: @escaping @Sendable (String) -> Void) async throws -> Server {
    let clock = SystemClock()
    let random = SystemRandom()
    let data = try DataDirectory(options.data)
    let specs = try SpecsPlace.find(options.specs)
    // The kinds are read while the database starts.
    let loading = Task.detached { () throws -> KindCatalog in
      let catalog = try KindLoader.load(specs)
      let problems =
        RouteChecker.check(catalog, handlers: HandlerRegistry.all + AccountHandlers.all(AccountDesk()))
        + ControllerRegistry.missing(in: catalog)
      guard problems.isEmpty else { throw Problems(problems) }
      return catalog
    }
    let postgres: PrivatePostgres?
    let address: DatabaseAddress
    do {
      if let database = options.database {
        postgres = nil
        address = DatabaseAddress(connection: database)
      } else {
        let own = try await PrivatePostgres.start(directory: data.path)
        address = own.address
        postgres = own
      }
    } catch {
      _ = try await loading.value
      throw error
    }
    do {
      let catalog = try await loading.value
      let pool = ConnectionPool(address: address)
      return try await assemble(options, catalog, data, postgres, pool, clock, random, log)
    } catch {
      await postgres?.stop()
      throw error
    }
  }

  private static func assemble(
    _ options: ServeOptions, _ catalog: KindCatalog, _ data: DataDirectory, _ postgres: PrivatePostgres?, _ pool: ConnectionPool,
    _ clock: SystemClock, _ random: SystemRandom, _ log: @escaping @Sendable (String) -> Void
  ) async throws -> Server {
    let standby = options.standby.map { Standby(address: DatabaseAddress(connection: $0), limit: options.standbyLimit) }
    let store = try await PostgresStore(pool: pool, catalog: catalog, standby: standby)
    do {
      return try await assemble(options, catalog, data, postgres, pool, store, clock, random, log)
    } catch {
      // Before the database goes: nothing is to look for it then.
      store.close()
      throw error
    }
  }

  private static func assemble(
    _ options: ServeOptions, _ catalog: KindCatalog, _ data: DataDirectory, _ postgres: PrivatePostgres?, _ pool: ConnectionPool,
    _ store: PostgresStore, _ clock: SystemClock, _ random: SystemRandom, _ log: @escaping @Sendable (String) -> Void
  ) async throws -> Server {
    let faults = try await store.check(SQLUse.files(catalog))
    guard faults.isEmpty else { throw Problems(faults) }
    let vault = try Vault(key: try data.key(), random: random)
    try await Bootstrap.checkKey(store, vault, data)
    let bell = ChangeBell()
    let caches = Later<RestHandler>()
    let identity = IdentityService(store: store, vault: vault, clock: clock)
    let engine = Engine(
      catalog: catalog, store: store, clock: clock, sealing: vault, minting: vault, cleanup: ControllerRegistry.cleanup,
      committed: { result in
        let tenants = Array(result.positions.keys)
        identity.forget(tenants: tenants)
        caches.get()?.committed(result)
        bell.ring(tenants)
      })
    try await Bootstrap.run(engine, data)

    let outgoing = OutgoingHTTP(allowPrivateTargets: options.allowPrivateTargets)
    let apply = ApplyService(engine: engine, digest: { Digest.sha256($0) })
    let calls = CallTally()
    let payments = CountingService(
      inner: PaymentService(outgoing, settings: PaymentConfiguration(store: store, sealing: vault).read), integration: "stripe",
      tally: calls)
    let desk = AccountDesk()
    let services = Services(
      [
        InvitationService(desk: desk, reads: store, sealing: vault),
        GitService(
          folder: data.path + "/git", allowPrivateTargets: options.allowPrivateTargets, applying: SourceApply(service: apply)),
        ProcessService(directory: data.path + "/apps", accounts: options.appAccounts), HTTPService(outgoing),
        CountingService(inner: try MailService(server: options.smtp), integration: "email", tally: calls),
        TextMessageService(outgoing, settings: TextConfiguration(store: store, sealing: vault).read),
        try DNSService(resolver: options.resolver), FeedService(store: store, catalog: catalog),
        RecordsService(store: store, catalog: catalog), ChargingFacts(reads: store), PDFService(), payments,
        IntegrationService(
          store: store, payments: payments, outgoing: outgoing, hasMail: options.smtp != nil, tally: calls, clock: clock),
      ] + Self.models(options))
    let unknown = RouteChecker.checkSources(catalog, services: optionalServices.union(services.all.map(\.name)))
    guard unknown.isEmpty else { throw Problems(unknown) }
    var worker: Worker?
    let drift = DriftTally()
    // Begun once the listeners are there: a server whose address is in use starts no work, and no processes.
    var loops: [@Sendable () async -> Void] = []
    if options.role != .api {
      let effectKey = vault.derivedKey("effect")
      let runner = StepRunner(services: services, clock: clock, sealing: vault) { uid, generation, step in
        Hex.encode(Digest.hmacSHA256(key: effectKey, Array("\(uid)/\(generation)/\(step)".utf8)))
      }
      let reconciler = Reconciler(
        engine: engine, services: services, runner: runner, controllers: ControllerRegistry.all(of: catalog), sealing: vault,
        readinessMoved: { _ in }, drift: drift)
      if let last = data.lastReplica { try await store.release(replica: last) }
      let replica = vault.uid(at: clock.now())
      try data.writeReplica(replica)
      let one = Worker(
        store: store, reconciler: reconciler, clock: clock, random: random, replica: replica,
        catalogDigest: catalog.digest,
        host: HostWork(
          host: try data.host { vault.uid(at: clock.now()) },
          kinds: Set(ControllerRegistry.all.filter(\.isBoundToHost).map(\.kind)),
          services: services.all),
        width: options.workWidth, tenantWidth: options.tenantWidth, log: log)
      worker = one
      loops.append { await one.run() }
      for service in services.all {
        loops.append {
          for await wake in service.wakes() {
            await Self.wake(WorkRequest(tenant: wake.tenant, uid: wake.uid, kind: wake.kind), store, clock)
            one.hear()
          }
        }
      }
    }
    let hear: @Sendable () -> Void = { [worker] in worker?.hear() }
    let follower = FeedFollower(
      store: store, catalog: catalog,
      controlled: options.role == .api ? [] : Set(ControllerRegistry.all(of: catalog).map(\.kind)),
      changed: { tenants in
        identity.forget(tenants: tenants)
        bell.ring(tenants)
      }, heard: hear, log: log)
    loops.append { await follower.run() }
    if store.standby != nil { loops.append { await store.watchStandby() } }

    let ready = ReadyFlag()
    var http: HTTPServer?
    var url = "(no listener)"
    let tally = RequestTally()
    let address = Later<String>()
    desk.open(
      AccountDesk.Parts(
        kit: identity.kit,
        templates: try MailTemplates(
          folder: URL(fileURLWithPath: try SpecsPlace.find(options.specs) + "/platform/OutgoingMail/templates")),
        federation: ProviderHTTP(outgoing), signatures: XMLSecSignatures(),
        forget: { identity.forget(account: $0) },
        write: { intents in
          let origin = Origin(manager: .api, actor: "controller:Invitation", action: "invitation.mail")
          _ = try await engine.write(intents, origin: origin, options: WriteOptions(), guards: nil)
        }, url: { address.get() ?? "" }))
    if options.role != .worker {
      let native = NativeHandler(
        catalog: catalog, store: store, writer: engine, apply: apply, changes: ChangeService(engine: engine), auth: identity,
        clock: clock, bell: bell, log: log)
      let rest = RestHandler(
        catalog: catalog, store: store, writer: engine, auth: TallyingIdentity(inner: identity), sealing: vault, clock: clock,
        random: random, cursorKey: vault.derivedKey("cursor"), version: PlumbVersion.text,
        services: Dictionary(services.all.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first }),
        handlers: HandlerRegistry.all + AccountHandlers.all(desk),
        log: { line in
          if let fault = line.fault { log("\(line.requestID) \(line.route ?? "-"): \(fault)") }
          if options.verbose { log("\(line.method) \(line.pattern ?? "-") \(line.status) \(line.duration.microseconds) us") }
        })
      caches.set(rest)
      loops.append { await rest.follow() }
      let metrics = Metrics(
        rest: rest, worker: worker, drift: drift, store: store, standby: store.standby, startedAt: clock.now(), clock: clock)
      let root = RootHandler(
        native: native, rest: rest, keys: identity.kit.ring, metrics: metrics, store: store, ready: ready, tally: tally)
      var listeners: [(address: ListenAddress, handler: any HTTPHandler)] = [(options.listen, root)]
      for (family, address) in options.families {
        guard let handler = rest.handler(family: family) else {
          throw Problem(
            .invalid, code: "family", "There is no family \(family).",
            fix: "Families: \(catalog.families.map(\.name).joined(separator: ", ")).")
        }
        listeners.append((address, handler))
      }
      let server = try HTTPServer(listen: listeners, log: log)
      try server.start()
      http = server
      url = Self.url(options.listen, port: server.port)
      try data.writeAddress(url: url)
      address.set(url)
    }
    let monitor = NodeMonitor(
      engine: engine, host: try data.host { vault.uid(at: clock.now()) }, calls: calls, rest: { caches.get() },
      newUID: { vault.uid(at: clock.now()) }, log: log)
    loops.append { await monitor.run() }
    let upkeep = Upkeep(
      store: store, identity: identity, vault: vault, clock: clock, tally: tally, catalog: catalog,
      keepHistory: options.keepHistory,
      log: log)
    loops.append { await upkeep.run() }
    let tasks = loops.map { loop in Task.detached { await loop() } }
    ready.set(true)
    return Server(
      url: url, data: data, postgres: postgres, pool: pool, store: store, http: http, worker: worker, services: services,
      ready: ready, tasks: tasks,
      upkeep: upkeep)
  }

  /// Tries for a minute while the database does not answer; after that the kind's `observe` is what notices.
  private static func wake(_ request: WorkRequest, _ store: PostgresStore, _ clock: SystemClock) async {
    for attempt in 1...wakeAttempts {
      do { return try await store.wake([request]) } catch { await clock.sleep(.milliseconds(min(100 * attempt, 2000))) }
    }
  }

  private static func url(_ address: ListenAddress, port: Int) -> String {
    switch address {
    case .tcp(let host, _): "http://\(host.contains(":") ? "[\(host)]" : host == "0.0.0.0" ? "127.0.0.1" : host):\(port)"
    default: "\(address)"
    }
  }

  /// Answers first, then work, then the services' own (children end), then the database.
  func stop() async {
    ready.set(false)
    await http?.shutdown(within: Self.drain)
    worker?.stop()
    await upkeep.flush()
    if let first = tasks.first, worker != nil { await first.value }
    for service in services.all { await service.shutdown() }
    for task in tasks { task.cancel() }
    data.removeAddress()
    data.removeReplica()
    store.close()
    pool.close()
    await postgres?.stop()
  }
}

/// A value that is there later than those who use it.
private final class Later<T: Sendable>: @unchecked Sendable {
  private let lock = NSLock()
  private var value: T?
  func get() -> T? { lock.withLock { value } }
  func set(_ new: T) { lock.withLock { value = new } }
}
