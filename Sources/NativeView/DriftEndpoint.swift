// GET drift: objects whose world is not as it was made.
import Core
import HTTPServer
import Kinds
import Ports
import Reconciling

extension NativeHandler {
  /// Objects listed in one answer, at most; the rest are said to be there.
  static let mostDrifted = 1000

  /// `{items: [{kind, name, tenant, uid, since, message, action}], truncated, observed: [{kind, every, onDrift, how}]}`. One statement
  /// for each kind that observes its world.
  func drift(_ request: NativeRequest) async throws -> HTTPResponse {
    let named = try request.query("kinds").map { text in
      try text.split(separator: ",").map { try kind(String($0), for: request).name }
    }
    let everywhere = try request.flag("allTenants")
    if everywhere, !request.caller.isOperator {
      throw Problem(.denied, code: "denied", "Only operators may look at all tenants.", fix: "Leave out allTenants.")
    }
    var members: Set<UID>?
    if let set = request.query("set") {
      members = Set(try await store.inventory(owner: request.caller.tenant, set: set).rows.map(\.uid))
    }
    let kinds = catalog.kinds.filter { $0.observe != nil && request.mayRead($0) && named?.contains($0.name) ?? true }
    var found: [StoredObject] = []
    for kind in kinds.sorted(by: { $0.name < $1.name }) {
      var query = ObjectQuery(
        tenant: request.home(of: kind), kind: kind.name, predicate: Self.drifted(kind),
        sort: [(.name, false)], limit: Self.mostDrifted + 1, wantsOwners: false)
      query.everywhere = everywhere
      found += try await store.list(query).objects.filter { request.maySee($0, kind) && members?.contains($0.uid) ?? true }
    }
    let tenants = everywhere ? try await store.objects(tenant: .rootTenant, uids: Set(found.map(\.tenant)).sorted()) : []
    let shape = ObjectShape(
      catalog: catalog, names: ReferenceNames(), caller: request.caller,
      tenants: Dictionary(tenants.map { ($0.uid, $0.name) }, uniquingKeysWith: { first, _ in first }))
    return NativeAnswer.json([
      "items": .list(
        found.prefix(Self.mostDrifted).map { object in
          let drift = Self.told(object)
          return [
            "kind": .string(object.kind), "name": .string(object.name), "tenant": .string(shape.tenantName(object.tenant)),
            "uid": .string(object.uid.description), "since": drift["since"], "message": drift["message"],
            "action": drift["action"],
          ]
        }), "truncated": .bool(found.count > Self.mostDrifted),
      "observed": .list(
        kinds.map { kind in
          [
            "kind": .string(kind.name), "every": .string("\(Int(kind.observe?.every.inSeconds ?? 0))s"),
            "onDrift": .string(kind.observe?.onDrift.rawValue ?? ""), "how": Value(kind.observe?.how),
          ]
        }),
    ])
  }

  /// Drift that was met, or, of a git source, a list of what API writes hold until the next sync.
  private static func drifted(_ kind: KindSpec) -> Predicate {
    guard kind.field(DriftStatus.member) != nil else { return .not(.isNull(.status([DriftStatus.member, "message"]))) }
    return .all([.not(.isNull(.status([DriftStatus.member]))), .not(.compare(.status([DriftStatus.member]), .equal, []))])
  }

  /// `{since, message, action}`.
  private static func told(_ object: StoredObject) -> Value {
    let drift = object.status[DriftStatus.member]
    guard let held = drift.list else { return drift }
    let fields = held.prefix(5).map { "\($0["object"].string ?? "")\($0["field"].string.map { ".\($0)" } ?? "")" }
    let more = held.count > fields.count ? " and \(held.count - fields.count) more" : ""
    return [
      "since": Value(object.conditions.first { $0.type == DriftStatus.condition }?.since.description),
      "message": .string("\(fields.joined(separator: ", "))\(more) differ from git until the next sync"), "action": "correct",
    ]
  }
}
