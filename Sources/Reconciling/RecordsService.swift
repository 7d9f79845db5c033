// Records as a service that controllers can observe: how many, and what sum, since when.
import Core
import Kinds
import Ports

/// Observe `aggregate` {kind, from, where: {field: value}, sum} → `{count, sum}`;
/// `total` {kind, name, by: [value]} → the sum (docs/LANGUAGE_KINDS.md, "totals");
/// `totals` {kind, name, by: [[value]]} → a list of sums.
public struct RecordsService: ServicePort {
  public let name = "records"
  let store: any StorePort
  let catalog: KindCatalog

  public init(store: any StorePort, catalog: KindCatalog) {
    self.store = store
    self.catalog = catalog
  }

  public func observe(_ metadata: ObjectMetadata, operation: String, arguments: Value) async throws -> Value {
    guard let kind = arguments["kind"].string, let spec = catalog.kind(kind) else {
      throw Problem(.invalid, code: "operation", "Records are asked for by their kind.")
    }
    let tenant = spec.scope == .platform || spec.scope == .shared ? UID.rootTenant : metadata.tenant
    if operation == "total" || operation == "totals" {
      let by = arguments["by"].list ?? []
      let keys = operation == "total" ? [by] : by.map { $0.list ?? [] }
      let sums = try await store.totals(tenant: tenant, kind: kind, name: arguments["name"].string ?? "", keys: keys)
      return operation == "total" ? sums.first ?? 0 : .list(sums)
    }
    guard operation == "aggregate" else {
      throw Problem(.invalid, code: "operation", "Records have no operation \(operation).")
    }
    let parts = (arguments["where"].object ?? [:]).map { Predicate.compare(.spec([$0.key]), .equal, $0.value) }
    let query = RecordQuery(
      tenant: tenant, kind: kind, predicate: .all(Array(parts)), from: arguments["from"].string.flatMap { Timestamp($0) }
    )
    let groups = try await store.aggregate(query, sum: arguments["sum"].string, by: nil)
    return ["count": .int(groups.reduce(0) { $0 + $1.count }), "sum": .double(groups.reduce(0) { $0 + $1.sum })]
  }

  public func perform(_ step: Step, key: String, metadata: ObjectMetadata) async -> StepReply {
    StepReply(step: step.name, outcome: .failed, value: ["error": ["code": "operation", "message": "Records take no steps."]])
  }
}
