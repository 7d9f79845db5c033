// Records as a service that controllers can observe: how many, and what sum, since when.
import Core
import Kinds
import Ports

/// Observe `aggregate` {kind, from, where: {field: value}, sum} → `{count, sum}`;
/// `total` {kind, name, by: [value]} → the sum (docs/LANGUAGE_KINDS.md, "totals");
/// `totals` {kind, name, by: [[value]]} → a list of sums.
public struct RecordsService: ServicePort {
  public let name = "records"
  public let answersAtOnce = true
  let store: any StorePort
  let catalog: KindCatalog

  public init(store: any StorePort, catalog: KindCatalog) {
    self.store = store
    self.catalog = catalog
  }

  public func observe(_ metadata: ObjectMetadata, operation: String, arguments: Value) async throws -> Value {
    let (spec, tenant) = try place(arguments, metadata)
    if operation == "total" || operation == "totals" {
      let by = arguments["by"].list ?? []
      let keys = operation == "total" ? [by] : by.map { $0.list ?? [] }
      let sums = try await store.totals(tenant: tenant, kind: spec.name, name: arguments["name"].string ?? "", keys: keys)
      return operation == "total" ? sums.first ?? 0 : .list(sums)
    }
    guard operation == "aggregate" else {
      throw Problem(.invalid, code: "operation", "Records have no operation \(operation).")
    }
    return Self.value(try await store.aggregates([try question(arguments, metadata)])[0])
  }

  /// Counts and sums of a whole page in one flight, and each total of a kind with one statement for all its keys.
  public func observe(_ looks: [(metadata: ObjectMetadata, operation: String, arguments: Value)]) async -> [Value?] {
    var worlds: [Value?] = Array(repeating: nil, count: looks.count)
    let sums = looks.indices.filter { looks[$0].operation == "aggregate" }
    let questions = sums.compactMap { at in (try? question(looks[at].arguments, looks[at].metadata)).map { (at, $0) } }
    if let answers = try? await store.aggregates(questions.map(\.1)) {
      for ((at, _), answer) in zip(questions, answers) { worlds[at] = Self.value(answer) }
    } else {
      for (at, question) in questions { worlds[at] = (try? await store.aggregates([question])).map { Self.value($0[0]) } }
    }
    struct Total: Hashable {
      var tenant: UID
      var kind: String
      var name: String
    }
    var totals: [Total: [Int]] = [:]
    for at in looks.indices where looks[at].operation == "total" {
      guard let (spec, tenant) = try? place(looks[at].arguments, looks[at].metadata) else { continue }
      totals[Total(tenant: tenant, kind: spec.name, name: looks[at].arguments["name"].string ?? ""), default: []].append(at)
    }
    for (total, members) in totals.sorted(by: { $0.value[0] < $1.value[0] }) {
      let keys = members.map { looks[$0].arguments["by"].list ?? [] }
      guard let values = try? await store.totals(tenant: total.tenant, kind: total.kind, name: total.name, keys: keys) else {
        continue
      }
      for (at, value) in zip(members, values) { worlds[at] = value }
    }
    for at in looks.indices where looks[at].operation == "totals" {
      worlds[at] = try? await observe(looks[at].metadata, operation: "totals", arguments: looks[at].arguments)
    }
    return worlds
  }

  private func place(_ arguments: Value, _ metadata: ObjectMetadata) throws -> (kind: KindSpec, tenant: UID) {
    guard let kind = arguments["kind"].string, let spec = catalog.kind(kind) else {
      throw Problem(.invalid, code: "operation", "Records are asked for by their kind.")
    }
    return (spec, spec.scope == .platform || spec.scope == .shared ? UID.rootTenant : metadata.tenant)
  }

  private func question(_ arguments: Value, _ metadata: ObjectMetadata) throws -> (query: RecordQuery, sum: String?) {
    let (spec, tenant) = try place(arguments, metadata)
    let parts = (arguments["where"].object ?? [:]).map { Predicate.compare(.spec([$0.key]), .equal, $0.value) }
    let query = RecordQuery(
      tenant: tenant, kind: spec.name, predicate: .all(Array(parts)), from: arguments["from"].string.flatMap { Timestamp($0) })
    return (query, arguments["sum"].string)
  }

  private static func value(_ sum: (count: Int, sum: Double)) -> Value { ["count": .int(sum.count), "sum": .double(sum.sum)] }

  public func perform(_ step: Step, key: String, metadata: ObjectMetadata) async -> StepReply {
    StepReply(step: step.name, outcome: .failed, value: ["error": ["code": "operation", "message": "Records take no steps."]])
  }
}
