// The account of somebody who signed in elsewhere, at a provider such as Google or a tenant's own.
import Core
import Identity
import Kinds
import Ports

/// The account of somebody who signed in elsewhere: known, linked by the address, or new.
struct FederatedAccounts: Sendable {
  let parts: AccountDesk.Parts
  let ports: OperationPorts
  let realm: AccountRealm
  private static let attempts = 3

  func account(of person: FederatedPerson) async throws -> StoredObject {
    guard person.emailVerified else {
      throw Problem(.unauthenticated, code: "address_not_verified", "The provider has not verified your address.")
    }
    let reads = AccountReads(ports)
    let email = AccountReads.normal(person.email)
    let link: Value = ["provider": .string(person.provider), "subject": .string(person.subject)]
    guard let account = try await reads.account(email: email, directory: realm.directory) else {
      return try await make(person, email, link)
    }
    guard AccountReads.isActive(account) else {
      throw Problem(.unauthenticated, code: "not_active", "The account is not active.")
    }
    let links = account.spec["identities"]?.list ?? []
    if let known = links.first(where: { $0["provider"].string == person.provider }) {
      guard known["subject"].string == person.subject else {
        throw Problem(.unauthenticated, code: "other_identity", "This address belongs to another account of the provider.")
      }
      return account
    }
    return try await ProvenAddress.confirm(account, parts, ports, with: ["identities": .list(links + [link])])
  }

  private func make(_ person: FederatedPerson, _ email: String, _ link: Value) async throws -> StoredObject {
    let title = String((person.name ?? String(email.prefix { $0 != "@" })).trimmed.prefix(200))
    var fields: ObjectMap = [
      "email": .string(email), "title": .string(title), "emailVerified": true, "identities": .list([link]),
    ]
    for (field, value) in realm.fields { fields[field] = value }
    if !realm.isStaff { return try await write(fields, email) }
    for attempt in 1...Self.attempts {
      let (account, tenant) = (ports.newUID(for: "Account"), ports.newUID(for: "Tenant"))
      let team = TeamName.title(for: title)
      let slug = try await TeamName.free(team, isLast: attempt > 1, reads: ports.reads)
      do {
        let made = try await ports.writes.write([
          Intent(.create, .new(tenant: .rootTenant, kind: "Account"), fields: fields, newUID: account),
          Intent(
            .create, .new(tenant: .rootTenant, kind: "Tenant"), fields: ["name": .string(slug), "title": .string(team)],
            newUID: tenant),
          AccountWrites.join(tenant, account: account, email: email, title: .string(title), role: "owner"),
        ])
        if let object = made.objects[0] { return object }
      } catch let problems as Problems where problems.category == .conflict && attempt < Self.attempts {
        if let found = try await AccountReads(ports).account(email: email, directory: realm.directory) { return found }
      }
    }
    throw Self.busy
  }

  private static let busy = Problem(.conflict, code: "busy", "The account could not be made.", fix: "Try again.")

  /// An account of a tenant's own people: without a tenant of its own.
  private func write(_ fields: ObjectMap, _ email: String) async throws -> StoredObject {
    do {
      let made = try await ports.writes.write([Intent(.create, .new(tenant: .rootTenant, kind: "Account"), fields: fields)])
      if let object = made.objects[0] { return object }
    } catch let problems as Problems where problems.category == .conflict {
      if let found = try await AccountReads(ports).account(email: email, directory: realm.directory) { return found }
    }
    throw Self.busy
  }
}
