// Answers who is behind an access token. Accounts are read at most twice a second each, so what was revoked anywhere fails everywhere
// within that time, and at once where it was revoked.
import Core
import Foundation
import Kinds
import Ports

final class AccountService: @unchecked Sendable {
  private let kit: IdentityKit
  private let lock = NSLock()
  private var known: [UID: AccountRecord] = [:]
  /// Moves whenever something is forgotten: what was read before may be what was forgotten.
  private var forgotten = 0

  init(kit: IdentityKit) { self.kit = kit }

  /// - Parameter tenant: uid or name of the tenant that the request names.
  func caller(_ token: String, tenant: String?, realms: [String]? = nil) async throws -> Caller {
    let claims = try await kit.issuer.access(token)
    let now = kit.clock.now()
    guard let record = try await record(claims.account, now), record.isActive else {
      throw IdentityService.unauthenticated("The account is not active.")
    }
    guard record.sessions.contains(claims.session), claims.realm == record.realm else {
      throw IdentityService.unauthenticated("The session has ended.")
    }
    // Accounts of another system are nobody here, whatever tenant they name.
    guard realms?.contains(record.realm) ?? true else {
      throw IdentityService.unauthenticated("Accounts of this kind do not sign in here.")
    }
    if record.realm != AccountRecord.staff { return try outsider(record, claims.session, tenant: tenant) }
    var caller = Caller(
      tenant: Caller.nowhere, tenantName: "", home: .rootTenant, account: record.account.uid, session: claims.session,
      actor: "user:\(record.email)", scopes: ["*"], isOperator: record.isOperator)
    let membership: AccountRecord.Membership?
    if let tenant {
      membership = record.membership(named: tenant)
      if membership == nil { return try await acting(caller, in: tenant, now) }
    } else {
      membership = record.memberships.first { $0.refusal == nil }
    }
    guard let membership else { return caller }
    if let refusal = membership.refusal { throw Problem(.denied, code: "not_active", refusal) }
    caller.tenant = membership.tenant.uid
    caller.tenantName = membership.tenant.name
    caller.user = membership.user.uid
    caller.role = membership.role
    caller.permissions = membership.role == "user" ? try await permissions(record, membership) : ["*"]
    return caller
  }

  /// Customers, end users and the like belong to one tenant and have no role there: what they may do is their family's to say.
  private func outsider(_ record: AccountRecord, _ session: UID, tenant named: String?) throws -> Caller {
    let home = record.home.flatMap { $0.deleted || $0.deleting != nil ? nil : $0 }
    if let home, home.spec["active"] == false { throw Problem(.denied, code: "not_active", "The tenant is not active.") }
    if let named, named != home?.name, TenantLookup.uid(named) == nil || TenantLookup.uid(named) != home?.uid {
      throw Problem(.denied, code: "not_a_member", "You are not a member of this tenant.")
    }
    return Caller(
      tenant: home?.uid ?? Caller.nowhere, tenantName: home?.name ?? "", home: home?.uid ?? .rootTenant,
      account: record.account.uid, session: session, actor: "\(record.realm):\(record.email)", scopes: ["*"],
      realm: record.realm)
  }

  /// Only operators act in tenants that they are no members of.
  private func acting(_ caller: Caller, in named: String, _ now: Timestamp) async throws -> Caller {
    guard caller.isOperator, let tenant = try await TenantLookup.tenant(named, kit.store) else {
      throw Problem(.denied, code: "not_a_member", "You are not a member of this tenant.")
    }
    var acting = caller
    acting.tenant = tenant.uid
    acting.tenantName = tenant.name
    acting.role = "admin"
    acting.permissions = ["*"]
    return acting
  }

  func forgetAll() {
    lock.withLock {
      forgotten += 1
      known.removeAll(keepingCapacity: true)
    }
  }

  func forget(_ account: UID) {
    lock.withLock {
      forgotten += 1
      known[account] = nil
    }
  }

  /// Accounts that have to do with one of these tenants.
  func forget(tenants: Set<UID>) {
    lock.withLock {
      forgotten += 1
      if tenants.contains(.rootTenant) { return known.removeAll(keepingCapacity: true) }
      known = known.filter { entry in
        !entry.value.memberships.contains { tenants.contains($0.tenant.uid) }
          && entry.value.home.map { !tenants.contains($0.uid) } ?? true
      }
    }
  }

  func record(_ account: UID, _ now: Timestamp) async throws -> AccountRecord? {
    if let record = lock.withLock({ known[account] }), now - record.readAt < IdentityService.freshness { return record }
    let before = lock.withLock { forgotten }
    let record = try await AccountRecord.read(account, store: kit.store, now: now)
    lock.withLock {
      guard forgotten == before else { return }
      if known.count >= IdentityService.cacheLimit { known.removeAll(keepingCapacity: true) }
      known[account] = record
    }
    return record
  }

  private func permissions(_ record: AccountRecord, _ membership: AccountRecord.Membership) async throws -> Set<String> {
    if let found = record.permissions[membership.tenant.uid] { return found }
    let before = lock.withLock { forgotten }
    let held = try await RoleExpansion.held(by: membership.user.uid, in: membership.tenant.uid, store: kit.store)
    let found = RoleExpansion.permissions(held)
    lock.withLock {
      if forgotten == before { known[record.account.uid]?.permissions[membership.tenant.uid] = found }
    }
    return found
  }
}

/// A live tenant by uid or name.
enum TenantLookup {
  /// As any family may show it.
  static func uid(_ named: String) -> UID? { UID(named) ?? UID(objectID: named) }

  static func tenant(_ named: String, _ store: any StorePort) async throws -> StoredObject? {
    let found: StoredObject?
    if let uid = uid(named) {
      found = try await store.objects(tenant: .rootTenant, uids: [uid]).first { $0.kind == "Tenant" }
    } else {
      found = try await store.objects(named: [ObjectKey(tenant: .rootTenant, kind: "Tenant", name: named)]).first
    }
    return found.flatMap { $0.deleted || $0.deleting != nil ? nil : $0 }
  }
}
