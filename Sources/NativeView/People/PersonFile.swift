// Everything that is stored about a person, for himself or for who must answer him: without secrets, and within limits.
import Core
import Identity
import Kinds
import Ports

struct PersonFile: Sendable {
  /// Of each sort of thing.
  static let limit = 10_000
  private static let page = 1000

  let store: any StorePort
  let catalog: KindCatalog

  func read(_ account: StoredObject) async throws -> Value {
    let traces = try await traces(of: account)
    let email = account.spec["email"]?.string ?? ""
    let tenants = try await store.objects(tenant: .rootTenant, uids: Array(Set(traces.objects.map(\.tenant))).sorted())
    let names = Dictionary(tenants.map { ($0.uid, $0.name) }, uniquingKeysWith: { first, _ in first })
    func shown(_ kinds: [String]) -> Value {
      .list(
        traces.objects.filter { kinds.contains($0.kind) }.map { object in
          var value = Self.value(object, catalog.kind(object.kind))
          value["tenant"] = .string(names[object.tenant] ?? "root")
          return .object(value)
        })
    }
    let sessions = SessionStore(store: store, clock: SystemClock(), random: SystemRandom())
    let user: Predicate = .compare(.spec(["user"]), .equal, .string(account.uid.description))
    let log = try await records("LogEntry", where: user)
    let days = try await records("UserActivity", where: user)
    return [
      "account": .object(Self.value(account, catalog.kind("Account"))), "email": .string(email),
      "memberships": shown(["User"]), "roles": shown(["RoleBinding"]), "apiKeys": shown(["ApiKey"]),
      "passkeys": shown(["Passkey"]), "secondFactors": shown(["Authenticator"]), "invitations": shown(["Invitation"]),
      "messages": shown(["Message"]), "sent": shown(["OutgoingMail", "OutgoingText"]),
      "sessions": .list(
        try await sessions.list(account.uid).map { session in
          [
            "createdAt": .string(session.created.description), "lastUsedAt": .string(session.used.description),
            "expiresAt": .string(session.expires.description), "userAgent": .string(session.agent),
            "address": .string(session.address), "method": .string(session.method),
          ]
        }),
      "audit": .list(log), "activeDays": .list(days.map { $0["day"] }),
    ]
  }

  /// The person's own objects, apart from the account.
  struct Traces: Sendable {
    var objects: [StoredObject]
  }

  func traces(of account: StoredObject) async throws -> Traces {
    let email = account.spec["email"]?.string ?? ""
    var found = try await store.referrers(tenant: .rootTenant, of: [account.uid], limit: Self.limit).map(\.object)
      .filter { !$0.deleted }
    let users = found.filter { $0.kind == "User" }.map(\.uid)
    if !users.isEmpty {
      found += try await store.referrers(tenant: .rootTenant, of: users, limit: Self.limit).map(\.object).filter { !$0.deleted }
    }
    found += try await objects("Message", .compare(.spec(["user"]), .equal, .string(account.uid.description)))
    found += try await objects("OutgoingMail", .compare(.spec(["to"]), .equal, .string(email)))
    if let phone = account.spec["phone"]?.string {
      found += try await objects("OutgoingText", .compare(.spec(["to"]), .equal, .string(phone)))
    }
    found += try await invitations(email)
    var seen: Set<UID> = [account.uid]
    return Traces(objects: found.filter { seen.insert($0.uid).inserted })
  }

  private func objects(_ kind: String, _ predicate: Predicate) async throws -> [StoredObject] {
    guard catalog.kind(kind) != nil else { return [] }
    return try await store.list(ObjectQuery(tenant: .rootTenant, kind: kind, predicate: predicate, limit: Self.limit)).objects
  }

  /// In whatever tenant: two statements for a thousand of them.
  private func invitations(_ email: String) async throws -> [StoredObject] {
    var found: [StoredObject] = []
    var after: (values: [Value], uid: UID)?
    repeat {
      let tenants = try await store.list(
        ObjectQuery(tenant: .rootTenant, kind: "Tenant", sort: [(.name, false)], limit: Self.page, after: after)
      ).objects
      let keys = tenants.map { ObjectKey(tenant: $0.uid, kind: "Invitation", name: email) }
      if !keys.isEmpty { found += try await store.objects(named: keys).filter { !$0.deleted } }
      after = tenants.count == Self.page ? tenants.last.map { ([.string($0.name)], $0.uid) } : nil
    } while after != nil
    return found
  }

  private func records(_ kind: String, where predicate: Predicate) async throws -> [Value] {
    guard let spec = catalog.kind(kind) else { return [] }
    return try await store.records(RecordQuery(tenant: .rootTenant, kind: kind, predicate: predicate, limit: Self.limit)).rows
      .map { row in
        var value = ObjectMap()
        for field in spec.fields { value[field.name] = row.fields[field.name] ?? .null }
        value["at"] = .string(row.at.description)
        return .object(value)
      }
  }

  /// The stated fields without secrets.
  private static func value(_ object: StoredObject, _ kind: KindSpec?) -> ObjectMap {
    var value: ObjectMap = [
      "id": .string(object.uid.description), "name": .string(object.name), "createdAt": .string(object.created.description),
      "updatedAt": .string(object.updated.description),
    ]
    for field in kind?.fields ?? [] where field.computed == nil {
      guard let stored = object.spec[field.name], !stored.isNull else { continue }
      if field.secret == nil { value[field.name] = stored } else { value[field.name] = "(kept, not shown)" }
    }
    return value
  }
}
