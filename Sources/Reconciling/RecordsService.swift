// Records as a service that controllers can observe: how many, and what sum, since when.
import Core
import Kinds
import Ports

/// Observe `aggregate` {kind, from, where: {field: value}, sum} → `{count, sum}`.
public struct RecordsService: ServicePort {
  public let name = "records"
  let store: any StorePort

  public init(store: any StorePort) { self.store = store }

  public func observe(_ metadata: ObjectMetadata, operation: String, arguments: Value) async throws -> Value {
    guard operation == "aggregate", let kind = arguments["kind"].string else {
      throw Problem(.invalid, code: "operation", "Records have no operation \(operation).")
    }
    let parts = (arguments["where"].object ?? [:]).map { Predicate.compare(.spec([$0.key]), .equal, $0.value) }
    let query = RecordQuery(
      tenant: metadata.tenant, kind: kind, predicate: .all(Array(parts)), from: arguments["from"].string.flatMap { Timestamp($0) }
    )
    let groups = try await store.aggregate(query, sum: arguments["sum"].string, by: nil)
    return ["count": .int(groups.reduce(0) { $0 + $1.count }), "sum": .double(groups.reduce(0) { $0 + $1.sum })]
  }

  public func perform(_ step: Step, key: String, metadata: ObjectMetadata) async -> StepReply {
    StepReply(step: step.name, outcome: .failed, value: ["error": ["code": "operation", "message": "Records take no steps."]])
  }
}
