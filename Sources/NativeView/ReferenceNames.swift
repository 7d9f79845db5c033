// Names for the uids that specs refer to: one grouped query for a page of objects.
import Core
import Identity
import Kinds
import Ports

struct ReferenceNames: Sendable {
  private var known: [UID: (tenant: UID, name: String)] = [:]

  /// Reads the names of all objects that these refer to: one query in the caller's tenant, one in the root tenant for what is
  /// left, and one over tenants only where a kind allows references that cross them.
  /// - Parameter moment: the names of then, of objects that are gone by now too.
  static func read(
    _ objects: [StoredObject], catalog: KindCatalog, store: any StorePort, caller: Caller, at moment: Timestamp? = nil
  ) async throws -> ReferenceNames {
    var wanted: Set<UID> = []
    var crosses = false
    for object in objects {
      guard let kind = catalog.kind(object.kind) else { continue }
      for (_, reference, value) in kind.references(in: object.spec) {
        if let uid = value.string.flatMap({ UID($0) }) { wanted.insert(uid) }
        crosses = crosses || reference.crossTenant || object.tenant != caller.tenant
      }
    }
    return try await read(wanted, crosses: crosses, store: store, caller: caller, at: moment)
  }

  static func read(_ uids: Set<UID>, crosses: Bool, store: any StorePort, caller: Caller, at moment: Timestamp? = nil)
    async throws
    -> ReferenceNames
  {
    var names = ReferenceNames()
    var left = uids
    if let moment {
      for tenant in [caller.tenant] + (caller.isRoot ? [] : [.rootTenant]) where !left.isEmpty {
        for past in try await store.past(PastQuery(tenant: tenant, uids: left.sorted(), at: moment)) {
          names.known[past.object.uid] = (past.object.tenant, past.object.name)
          left.remove(past.object.uid)
        }
      }
    }
    for tenant in [caller.tenant] + (caller.isRoot ? [] : [.rootTenant]) + (crosses ? [nil] : []) as [UID?] {
      if left.isEmpty { break }
      for object in try await store.objects(tenant: tenant, uids: left.sorted()) {
        names.known[object.uid] = (object.tenant, object.name)
        left.remove(object.uid)
      }
    }
    return names
  }

  mutating func add(_ object: StoredObject) { known[object.uid] = (object.tenant, object.name) }

  /// The name to show for a reference of an object of `tenant`; nil when it is not known.
  func name(_ uid: UID) -> String? { known[uid]?.name }
  func tenant(_ uid: UID) -> UID? { known[uid]?.tenant }
}
