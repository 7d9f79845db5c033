// The REST views over the real specs, engine, identity and a real PostgreSQL: what the tests of this module call.
import Accounts
import Controllers
import Core
import Foundation
import HTTPServer
import Identity
import KindLoading
import Kinds
import Planning
import Ports
import PostgresStore
import Reconciling
import TestSupport
import XCTest

@testable import RestView

final class RestWorld: Sendable {
  struct Answer {
    var status: Int
    var body: Value
    var headers: HTTPHeaders
    var bytes: [UInt8]
  }

  private static let specs = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("specs")

  /// The specs of the checkout.
  static let catalog: Result<KindCatalog, any Error> = Result { try KindLoader.load(specs) }

  /// The specs of the checkout with files of a test's own beside them.
  static func catalog(adding more: [String: String]) throws -> KindCatalog {
    var files: [(path: String, bytes: [UInt8])] = more.map { ($0.key, Array($0.value.utf8)) }
    let walk = FileManager.default.enumerator(atPath: specs.path)
    while let path = walk?.nextObject() as? String {
      guard path.hasSuffix(".yaml") && !path.contains("/cases/") || path.hasSuffix(".sql") else { continue }
      files.append((path, [UInt8](try Data(contentsOf: specs.appendingPathComponent(path)))))
    }
    return try KindLoader.load(files: files)
  }

  let store: PostgresStore
  let engine: Engine
  let handler: RestHandler
  private let vault: Vault
  private let identity: IdentityService
  let tenant: UID
  /// Acts for the installation.
  let rootKey: String
  /// Acts in the tenant, with every right.
  let key: String
  /// Acts in the tenant as a user without roles.
  let poorKey: String
  /// Acts in another tenant.
  let strangerKey: String

  static func make() async throws -> RestWorld { try await RestWorld(catalog: catalog.get(), handlers: real, services: [:]) }

  /// What the specs of the checkout name.
  static let real: [any OperationHandler] = HandlerRegistry.all + AccountHandlers.all(AccountDesk())

  /// With specs, handlers and services of a test's own.
  static func make(
    adding files: [String: String], handlers: [any OperationHandler] = [], services: [String: any ServicePort] = [:]
  ) async throws -> RestWorld {
    let catalog = try catalog(adding: files)
    let handlers = handlers + real
    let problems = RouteChecker.check(catalog, handlers: handlers)
    guard problems.isEmpty else { throw Problems(problems) }
    return try await RestWorld(catalog: catalog, handlers: handlers, services: services)
  }

  private init(catalog: KindCatalog, handlers: [any OperationHandler], services: [String: any ServicePort]) async throws {
    let store = try await TestPostgres.store(catalog, connections: 4)
    self.store = store
    let vault = try Vault(key: Array(repeating: 7, count: 32))
    self.vault = vault
    let clock = SystemClock()
    engine = Engine(catalog: catalog, store: store, clock: clock, sealing: vault, minting: vault, cleanup: [])
    let identity = IdentityService(store: store, vault: vault, clock: clock)
    self.identity = identity
    handler = RestHandler(
      catalog: catalog, store: store, writer: engine, auth: identity, sealing: vault, clock: clock,
      cursorKey: Array(repeating: 1, count: 32),
      version: "1.2.3", services: services, handlers: handlers,
      log: { line in if let fault = line.fault { print("\(line.route ?? "-"): \(fault)") } })
    let engine = engine
    func create(_ kind: String, in tenant: UID, _ fields: ObjectMap, uid: UID? = nil) async throws -> WriteOutcome {
      try await engine.write(
        [Intent(.create, .new(tenant: tenant, kind: kind), fields: fields, newUID: uid)],
        origin: Origin(manager: .api, actor: "system", action: "test"))
    }
    func key(_ tenant: UID, _ fields: ObjectMap) async throws -> String {
      let outcome = try await create("ApiKey", in: tenant, fields)
      return try XCTUnwrap(outcome.plan.minted.values.first?["token"])
    }
    _ = try await create("Tenant", in: .rootTenant, ["name": "root"], uid: .rootTenant)
    let acme = try await create("Tenant", in: .rootTenant, ["name": "acme"])
    tenant = try XCTUnwrap(acme.object(0)).uid
    let foreign = try await create("Tenant", in: .rootTenant, ["name": "other"])
    let other = try XCTUnwrap(foreign.object(0)).uid
    let first = try await create("User", in: .rootTenant, ["email": "root@example.com", "role": "owner"])
    let owner = try XCTUnwrap(first.object(0))
    let second = try await create("User", in: tenant, ["email": "ada@example.com"])
    let user = try XCTUnwrap(second.object(0))
    rootKey = try await key(.rootTenant, ["label": "root", "authority": "admin", "user": .string(owner.uid.description)])
    self.key = try await key(tenant, ["label": "ci", "authority": "user"])
    poorKey = try await key(tenant, ["label": "poor", "authority": "user", "user": .string(user.uid.description)])
    strangerKey = try await key(other, ["label": "stranger", "authority": "user"])
  }

  /// Another handler over the same data, for routes of a test's own.
  func handler(catalog: KindCatalog) -> RestHandler {
    RestHandler(
      catalog: catalog, store: store, writer: engine, auth: identity, sealing: vault, cursorKey: Array(repeating: 1, count: 32),
      version: "1.2.3")
  }

  /// One request in the tenant, or as the installation's key when `key` is that.
  func call(
    _ method: String, _ path: String, _ body: Value? = nil, key: String? = nil, anonymous: Bool = false, raw: String? = nil,
    headers more: HTTPHeaders = [:]
  ) async -> Answer {
    var headers = more
    let key = key ?? self.key
    if !anonymous { headers.add("Authorization", "Bearer \(key)") }
    if key != rootKey, key != strangerKey, path.hasPrefix("/deploy"), !headers.contains("X-Tenant-ID") {
      headers.add("X-Tenant-ID", tenant.description)
    }
    var bytes: [UInt8] = []
    if let body { bytes = JSON.write(body) } else if let raw { bytes = Array(raw.utf8) }
    if !bytes.isEmpty, !headers.contains("Content-Type") { headers.add("Content-Type", "application/json") }
    let response = await handler.handle(
      HTTPRequest(method: method, target: path, headers: headers, body: bytes, remoteAddress: "127.0.0.1"))
    guard case .bytes(let out) = response.body else {
      return Answer(status: response.status, body: .null, headers: response.headers, bytes: [])
    }
    return Answer(status: response.status, body: (try? JSON.parse(out)) ?? .null, headers: response.headers, bytes: out)
  }

  func close() async { await store.close() }
}

extension XCTestCase {
  /// Runs `body` in a world with the lab family and what it needs.
  func withLab(
    _ more: [String: String] = [:], handlers: [any OperationHandler] = LabHandlers.all, services: [String: any ServicePort] = [:],
    _ body: (RestWorld) async throws -> Void
  ) async throws {
    let files = LabSpecs.files.merging(more) { $1 }
    let world = try await RestWorld.make(adding: files, handlers: handlers, services: services)
    do { try await body(world) } catch {
      await world.close()
      throw error
    }
    await world.close()
  }

  /// Runs `body` in a world of its own.
  func withWorld(_ body: (RestWorld) async throws -> Void) async throws {
    let world = try await RestWorld.make()
    do { try await body(world) } catch {
      await world.close()
      throw error
    }
    await world.close()
  }
}
