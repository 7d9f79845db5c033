// Objects that go, go in order: one that others still refer to waits until those are gone.
import Core
import Kinds
import Ports

extension Reconciler {
  /// Between two looks, should the wake of the last dependent be lost.
  static let dependentLook = Duration.seconds(2)
  /// A circle of objects that go must not wait for itself for ever.
  static let longestDeletionWait = Duration.seconds(300)
  private static let mostNamed = 3

  /// What the object must wait for before it may be taken down. Nil: nothing.
  func waitForDependents(_ object: StoredObject, _ kind: KindSpec, _ now: Timestamp) async throws -> Decision? {
    guard let since = object.deleting, now < since + Self.longestDeletionWait else { return nil }
    let targets = Set(kind.references(in: object.spec).compactMap { $0.value.string.flatMap { UID($0) } })
    let holders = try await store.referrers(tenant: object.tenant, of: [object.uid], limit: 50).map(\.object)
      .filter { $0.uid != object.uid && !targets.contains($0.uid) }
    guard !holders.isEmpty else { return nil }
    let names = Set(holders.map(\.label)).sorted()
    let message =
      "it waits until \(names.prefix(Self.mostNamed).joined(separator: ", "))\(names.count > Self.mostNamed ? " and others are" : names.count > 1 ? " are" : " is") gone"
    var status = object.status.isNull ? .emptyObject : object.status
    let others = object.conditions.filter { $0.type != "Ready" && $0.type != "Progressing" }
    status["conditions"] = .list(
      ([
        Condition("Ready", .no, reason: "WaitingForDependents", message: message, since: now),
        Condition("Progressing", .yes, reason: "WaitingForDependents", message: message, since: now),
      ] + others).map { $0.keepingSince(from: object.conditions).value })
    return Decision(status: status, lookAgain: Self.dependentLook)
  }

  /// Objects that go and waited for this one: its removal is their turn.
  func waiters(for object: StoredObject, _ kind: KindSpec) async throws -> [WorkRequest] {
    guard object.deleting != nil else { return [] }
    let targets = Set(kind.references(in: object.spec).compactMap { $0.value.string.flatMap { UID($0) } })
    if targets.isEmpty { return [] }
    return try await store.objects(tenant: nil, uids: targets.sorted()).filter { $0.deleting != nil && !$0.deleted }.map {
      WorkRequest(tenant: $0.tenant, uid: $0.uid, kind: $0.kind)
    }
  }
}
