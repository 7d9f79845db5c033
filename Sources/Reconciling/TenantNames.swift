// The tenants that a set's manifests name: stored ones, and ones that the set itself makes.
import Core
import Kinds
import Manifests
import Ports

struct TenantNames {
  var owner: UID
  var known: [String: UID] = [:]
  /// Tenants that this set creates, with the uids they will have.
  var minted: [String: UID] = [:]
  var problems: [Problem] = []

  static func resolve(_ manifests: [Manifest], owner: UID, engine: Engine) async throws -> TenantNames {
    var names = TenantNames(owner: owner)
    let created = Set(manifests.filter { $0.kind.name == "Tenant" }.map(\.name))
    let asked = Set(manifests.compactMap(\.tenant)).union(created).sorted()
    guard !asked.isEmpty else { return names }
    for object in try await engine.store.objects(named: asked.map { ObjectKey(tenant: .rootTenant, kind: "Tenant", name: $0) })
    where !object.deleted {
      names.known[object.name] = object.uid
    }
    for name in created.sorted() where names.known[name] == nil {
      let uid = engine.minting.uid(at: engine.clock.now())
      names.minted[name] = engine.catalog.kind("Tenant")?.minted(uid) ?? uid
    }
    for manifest in manifests {
      guard let tenant = manifest.tenant, names.known[tenant] == nil, names.minted[tenant] == nil, tenant != "root" else {
        continue
      }
      names.problems.append(
        Problem(
          .invalid, code: "unknown_tenant", "There is no tenant \(tenant).",
          place: manifest.places["/metadata/tenant"] ?? manifest.place,
          pointer: "/metadata/tenant", object: "\(manifest.kind.name)/\(manifest.name)",
          fix: nearestName(to: tenant, among: Array(names.known.keys.sorted())).map { "Did you mean \($0)?" }
            ?? "State a Tenant of that name first."))
    }
    return names
  }

  func uid(of manifest: Manifest) -> UID? {
    guard let name = manifest.tenant else { return owner }
    return name == "root" ? .rootTenant : known[name] ?? minted[name]
  }
}
