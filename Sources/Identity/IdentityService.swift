// Answers who is calling. Keys are read from the store at most twice a second each; a revocation holds within that time everywhere, and at
// once where it was made.
import Core
import Foundation
import Kinds
import Ports

public final class IdentityService: Authenticating, @unchecked Sendable {
  /// How long what was read may be used without asking again.
  public static let freshness = Duration.milliseconds(500)
  /// Keys and tenants remembered at the most.
  public static let cacheLimit = 10_000

  /// What signing in is made of, for those who do it.
  public let kit: IdentityKit
  private let store: any StorePort
  private let vault: Vault
  private let clock: any Clock
  private let accounts: AccountService
  private let lock = NSLock()
  private var keys: [String: KeyRecord] = [:]
  /// Readings under way: many requests of one key whose freshness is over ask once.
  private var reading: [String: Task<KeyRecord?, any Error>] = [:]
  private var tenants: [String: (object: StoredObject?, readAt: Timestamp)] = [:]
  /// Moves whenever something is forgotten.
  private var forgotten = 0
  private var used: [UID: (tenant: UID, at: Timestamp)] = [:]

  public init(store: any StorePort, vault: Vault, clock: any Clock) {
    self.store = store
    self.vault = vault
    self.clock = clock
    kit = IdentityKit(store: store, vault: vault, clock: clock)
    accounts = AccountService(kit: kit)
  }

  public func authenticate(_ credential: Credential) async throws -> Caller {
    let now = clock.now()
    if TokenIssuer.looksLikeToken(credential.token) {
      return try await accounts.caller(credential.token, tenant: credential.tenant, realms: credential.realms)
    }
    let hash: String = vault.hash(credential.token)
    guard let record = try await record(hash, now) else { throw Self.unauthenticated("The credential is not known.") }
    if let refusal = record.refusal(at: now) { throw Self.unauthenticated(refusal) }
    try checkAddress(record, credential.remoteAddress)
    try await checkRate(record)
    note(record, now)
    let caller = Caller(
      tenant: record.key.tenant, tenantName: record.tenant?.name ?? "root", home: record.key.tenant, user: record.user?.uid,
      key: record.key.uid, account: record.account?.uid, actor: record.actor, role: record.role, authority: record.authority,
      scopes: (record.key.spec["scopes"]?.list ?? ["*"]).compactMap(\.string), permissions: record.permissions,
      isOperator: record.isOperator)
    guard let named = credential.tenant, named != caller.tenantName, TenantLookup.uid(named) != caller.tenant else {
      return caller
    }
    return try await acting(caller, in: named, now)
  }

  /// Everything known of a tenant's keys is read again. Called with every commit here, and with every change heard of.
  public func forget(tenants changed: [UID]) {
    let set = Set(changed)
    accounts.forget(tenants: set)
    lock.withLock {
      forgotten += 1
      reading.removeAll()
      keys = keys.filter { !set.contains($0.value.key.tenant) }
      if set.contains(.rootTenant) {
        tenants.removeAll()
        keys.removeAll()
      }
    }
  }

  /// The sessions of an account changed.
  public func forget(account: UID) { accounts.forget(account) }

  public func forgetAll() {
    accounts.forgetAll()
    lock.withLock {
      forgotten += 1
      reading.removeAll()
      keys.removeAll()
      tenants.removeAll()
    }
  }

  /// Uses since the last call, for the store to note in one batch.
  public func takeUses() -> [(tenant: UID, uid: UID, at: Timestamp)] {
    lock.withLock {
      defer { used.removeAll() }
      return used.map { ($0.value.tenant, $0.key, $0.value.at) }
    }
  }

  static func unauthenticated(_ message: String) -> Problem { Problem(.unauthenticated, code: "unauthenticated", message) }

  private func record(_ hash: String, _ now: Timestamp) async throws -> KeyRecord? {
    if let known = lock.withLock({ keys[hash] }), now - known.readAt < Self.freshness { return known }
    let task = lock.withLock {
      if let under = reading[hash] { return under }
      let new = Task { try await read(hash) }
      if reading.count < Self.cacheLimit { reading[hash] = new }
      return new
    }
    return try await task.value
  }

  private func read(_ hash: String) async throws -> KeyRecord? {
    let now = clock.now()
    let before = lock.withLock { forgotten }
    let record: KeyRecord?
    do { record = try await find(hash, now) } catch {
      lock.withLock { if forgotten == before { reading[hash] = nil } }
      throw error
    }
    lock.withLock {
      // What was read before something was forgotten may be what was forgotten.
      guard forgotten == before else { return }
      reading[hash] = nil
      if keys.count >= Self.cacheLimit { keys.removeAll(keepingCapacity: true) }
      keys[hash] = record
    }
    return record
  }

  private func find(_ hash: String, _ now: Timestamp) async throws -> KeyRecord? {
    let key = UniqueKey(rule: 1, value: JSON.canonical([.string(hash)]), global: true)
    guard let uid = try await store.holders(tenant: .rootTenant, kind: "ApiKey", keys: [key]).values.first,
      let object = try await store.objects(tenant: nil, uids: [uid]).first
    else { return nil }
    return try await load(object, now)
  }

  private func load(_ key: StoredObject, _ now: Timestamp) async throws -> KeyRecord {
    let userUID = key.spec["user"]?.string.flatMap { UID($0) }
    let related = try await store.objects(tenant: nil, uids: [key.tenant] + (userUID.map { [$0] } ?? []))
    let user = related.first { $0.uid == userUID }
    var record = KeyRecord(
      key: key, user: user, tenant: related.first { $0.uid == key.tenant }, permissions: ["*"], readAt: now)
    if let account = user?.spec["account"]?.string.flatMap({ UID($0) }) {
      record.account = try await store.objects(tenant: .rootTenant, uids: [account]).first
    }
    if let user, record.role == "user" {
      record.permissions = RoleExpansion.permissions(try await RoleExpansion.held(by: user.uid, in: key.tenant, store: store))
    }
    return record
  }

  /// Only operators act in tenants other than their own; for everybody else unknown and foreign tenants look alike.
  private func acting(_ caller: Caller, in named: String, _ now: Timestamp) async throws -> Caller {
    guard caller.isOperator else {
      throw Problem(.denied, code: "not_a_member", "You are not a member of this tenant.")
    }
    guard let tenant = try await tenant(named, now) else {
      throw Problem(.denied, code: "not_a_member", "You are not a member of this tenant.")
    }
    var acting = caller
    acting.tenant = tenant.uid
    acting.tenantName = tenant.name
    acting.role = "admin"
    return acting
  }

  /// A live tenant by uid or name.
  public func tenant(_ named: String, _ now: Timestamp) async throws -> StoredObject? {
    if let known = lock.withLock({ tenants[named] }), now - known.readAt < Self.freshness { return known.object }
    let live = try await TenantLookup.tenant(named, store)
    lock.withLock {
      if tenants.count >= Self.cacheLimit { tenants.removeAll(keepingCapacity: true) }
      tenants[named] = (live, now)
    }
    return live
  }

  private func checkAddress(_ record: KeyRecord, _ address: String) throws {
    let allowed = (record.key.spec["ipAllowlist"]?.list ?? []).compactMap(\.string)
    guard !allowed.isEmpty, !allowed.contains(where: { AddressRange($0)?.contains(address) ?? false }) else { return }
    throw Problem(.denied, code: "address_not_allowed", "This API key may not be used from here.")
  }

  private func checkRate(_ record: KeyRecord) async throws {
    guard let most = record.key.spec["rateLimit"]?.int else { return }
    guard let seconds = await kit.limiter.take("key:\(record.key.uid)", count: most, window: .seconds(60)) else { return }
    throw Problem(
      .limited, code: "rate_limited", "This API key may make \(most) requests a minute.", fix: "Try again in \(seconds) s.",
      details: ["retryAfter": .int(seconds), "rateLimit": .int(most)])
  }

  private func note(_ record: KeyRecord, _ now: Timestamp) {
    lock.withLock {
      if used.count < Self.cacheLimit || used[record.key.uid] != nil { used[record.key.uid] = (record.key.tenant, now) }
    }
  }
}
