// Erasing a person: his own objects go, and what others need, or the law, keeps its facts without him.
import Core
import Identity
import Kinds
import Ports
import Reconciling

/// Two transactions: the objects, then the traces. What was begun is noted before, so that asking again after a crash ends it.
struct PersonErasure: Sendable {
  private static let batch = 500

  let store: any StorePort
  let writer: any WritePort
  let catalog: KindCatalog
  let clock: any Clock

  /// What was begun: the person's objects, and the alias.
  private struct Begun {
    var uids: [UID]
    var alias: String
    var value: Value { ["uids": .list(uids.map { .string($0.description) }), "alias": .string(alias)] }
    init(uids: [UID], alias: String) {
      self.uids = uids
      self.alias = alias
    }
    init?(_ value: Value) {
      guard let alias = value["alias"].string else { return nil }
      self.init(uids: (value["uids"].list ?? []).compactMap { $0.string.flatMap { UID($0) } }, alias: alias)
    }
  }

  /// Why a person cannot be erased now; nothing when he can.
  func obstacles(_ account: StoredObject) async throws -> [Problem] {
    let traces = try await PersonFile(store: store, catalog: catalog).traces(of: account).objects
    let owned = traces.filter { $0.kind == "User" && $0.spec["role"]?.string == "owner" }.map(\.tenant)
    return try await store.objects(tenant: .rootTenant, uids: owned.sorted()).filter { !$0.deleted && $0.deleting == nil }.map {
      Problem(
        .conflict, code: "owner", "The person owns the tenant \($0.name).", object: "Tenant/\($0.name)",
        fix: "Hand it over, or delete it, first.")
    }
  }

  /// - Parameter email: of the account; or of one whose erasure was begun and did not end.
  func erase(_ account: StoredObject?, email: String, origin: Origin) async throws -> Value {
    guard let anonymizing = store as? any Anonymizing else {
      throw Problem(.unavailable, code: "not_here", "This store cannot forget anybody.")
    }
    let key = "people/erasure/" + Self.mark(email)
    let begun: Begun
    if let account {
      let traces = try await PersonFile(store: store, catalog: catalog).traces(of: account).objects
      begun = Begun(uids: [account.uid] + traces.map(\.uid), alias: "erased-\(account.uid.description.suffix(12))")
      _ = try await store.putValue(tenant: .rootTenant, key: key, begun.value, expecting: nil, expires: nil)
      // What others' objects say of him first: the deletion then moves the heads under which views are kept.
      _ = try await anonymizing.anonymize(Anonymization(uids: [], address: email, alias: begun.alias))
      try await delete(account, traces, origin)
    } else {
      guard let kept = try await store.value(tenant: .rootTenant, key: key).flatMap({ Begun($0) }) else {
        throw Problem(.missing, code: "not_found", "There is no such person.", fix: "plumb get Account")
      }
      begun = kept
    }
    let counts = try await anonymizing.anonymize(Anonymization(uids: begun.uids, address: email, alias: begun.alias))
    try await note(begun, origin)
    _ = try await store.putValue(tenant: .rootTenant, key: key, nil, expecting: nil, expires: nil)
    return [
      "erased": .string(begun.alias), "objects": .int(begun.uids.count),
      "traces": .object(ObjectMap(counts.sorted { $0.key < $1.key }.map { ($0.key, .int($0.value)) })),
    ]
  }

  /// Memberships first, the account last; what refers to them goes along.
  private func delete(_ account: StoredObject, _ traces: [StoredObject], _ origin: Origin) async throws {
    func intent(_ object: StoredObject) -> Intent {
      Intent(.delete, .uid(tenant: object.tenant, kind: object.kind, object.uid), force: true)
    }
    let apart = traces.filter { ["Message", "OutgoingMail", "OutgoingText", "Invitation"].contains($0.kind) }
    for start in stride(from: 0, to: apart.count, by: Self.batch) {
      let some = apart[start..<min(start + Self.batch, apart.count)]
      _ = try await writer.write(some.map(intent), origin: origin, options: WriteOptions(), guards: nil)
    }
    let own = traces.filter { $0.kind == "User" }.sorted { $0.uid < $1.uid } + [account]
    _ = try await writer.write(own.map(intent), origin: origin, options: WriteOptions(), guards: nil)
  }

  private func note(_ begun: Begun, _ origin: Origin) async throws {
    guard catalog.kind(AuditRows.platformKind) != nil else { return }
    let now = clock.now()
    let entry = AuditRows.Entry(
      severity: .critical, action: "person.erased", message: "A person was erased: \(begun.alias)", actor: origin.actor,
      user: origin.user, operation: origin.action, targetKind: "Account", target: begun.uids.first, targetName: begun.alias)
    var generator = RandomGenerator(SystemRandom())
    try await store.append(records: AuditRows.rows(entry, tenant: .rootTenant, at: now) { UID(at: now, random: &generator) })
  }

  /// A name for the address that does not tell it.
  private static func mark(_ email: String) -> String {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in email.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return String(hash, radix: 16)
  }
}
