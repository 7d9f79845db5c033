// Whose git source an object is, and how that source is paused: for what must not be undone by the next sync.
import Core
import Planning
import Ports

extension Engine {
  /// Intents that pause the git sources which manage fields of these objects; to be written together with what the sources must not
  /// undo. They stay paused, with a condition that says why, until somebody resumes them.
  public func pausing(sourcesOf objects: [StoredObject], reason: String) async throws -> [Intent] {
    var keys: [ObjectKey] = []
    for object in objects {
      for owner in object.owners.values {
        guard case .set(let set) = owner.manager, let name = SourceSet.source(ofSet: set) else { continue }
        for tenant in Set([object.tenant, .rootTenant]) { keys.append(ObjectKey(tenant: tenant, kind: "GitSource", name: name)) }
      }
    }
    return try await pausing(keys, reason: reason)
  }

  /// The same for the source that owns a set; none when the set is no source's.
  public func pausing(set: String, owner: UID, reason: String) async throws -> [Intent] {
    guard let name = SourceSet.source(ofSet: set) else { return [] }
    return try await pausing([ObjectKey(tenant: owner, kind: "GitSource", name: name)], reason: reason)
  }

  private func pausing(_ keys: [ObjectKey], reason: String) async throws -> [Intent] {
    guard !keys.isEmpty, catalog.kind("GitSource") != nil else { return [] }
    let found = try await store.objects(named: Array(Set(keys)).sorted { ($0.tenant, $0.name) < ($1.tenant, $1.name) })
    // A tenant's own source comes before one of the installation with the same name.
    let own = Set(found.filter { $0.tenant != .rootTenant }.map(\.name))
    return found.filter { !$0.deleted && $0.deleting == nil && ($0.tenant != .rootTenant || !own.contains($0.name)) }.map {
      Intent(
        .patch, .uid(tenant: $0.tenant, kind: $0.kind, $0.uid),
        fields: ["paused": true, "pausedReason": .string(String(reason.prefix(500)))])
    }
  }
}
