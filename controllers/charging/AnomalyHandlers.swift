// Lists of anomalies: one by one, by connector, by session.
import ChargingAnalysis
import Core
import Ports

struct ListAnomaliesHandler: OperationHandler {
  let name = "charging.listAnomalies"

  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    let page = PageArguments(call)
    var query = AnomalyFilter.query(call)
    query.limit = page.size
    query.offset = page.offset
    query.wantsTotal = true
    switch call.args["sortByScore"]?.string?.lowercased() {
    case "asc": query.sort = [(.spec(["scoreRank"]), false)]
    case "desc": query.sort = [(.spec(["scoreRank"]), true)]
    default: query.sort = [(.spec(["occurredAt"]), true)]
    }
    let found = try await ports.reads.list(query)
    return .value(page.shown(found.objects.map(Self.shown), total: found.total ?? 0))
  }

  static func shown(_ anomaly: StoredObject) -> Value {
    let spec = anomaly.spec
    func field(_ name: String) -> Value { spec[name] ?? .null }
    return [
      "id": .string(anomaly.uid.description), "anomalyType": field("category"), "anomalyTypeId": field("categoryId"),
      "aiRiskScore": field("score"), "connectorId": field("connectorId"), "chargingPointId": field("stationId"),
      "ocppChargingStationId": field("stationId"), "evseId": field("evseId"), "chargingSessionId": field("sessionId"),
      "dateOfAnomalyOccurrence": field("occurredAt"), "dateOfLastUpdate": field("lastDetectedAt"), "issues": [issue(anomaly)],
    ]
  }

  /// Each anomaly has one issue, which is there as long as the session.
  static func issue(_ anomaly: StoredObject) -> Value {
    [
      "id": .string(anomaly.uid.description), "statusName": anomaly.spec["issueStatus"] ?? "OPEN",
      "assignedTo": anomaly.spec["assignedTo"] ?? .null,
    ]
  }
}

/// Groups of anomalies with their types: one statement for the page of groups, one for the types of its groups.
struct AnomalyGroups {
  let call: OperationCall
  let reads: any ReadPort
  let by: [FieldPath]
  /// The field that names a group among all of the tenant's; anomalies without it are in no group.
  let keyed: FieldPath

  struct Group {
    var key: [String?]
    var count: Int
    var first: Value
    var last: Value
    var worst: Value
    var types: Value
  }

  func page() async throws -> (groups: [Group], total: Int, page: PageArguments) {
    let page = PageArguments(call)
    var query = AnomalyFilter.query(call)
    query.predicate = .all([query.predicate, .not(.isNull(keyed))])
    let found = try await reads.groups(
      GroupQuery(
        query, by: by,
        figures: [.least(.spec(["firstDetectedAt"])), .greatest(.spec(["lastDetectedAt"])), .greatest(.spec(["score"]))],
        sort: sort,
        limit: page.size, offset: page.offset))
    let keys = Set(found.rows.compactMap { $0.key[0] }).sorted()
    var types: [String: [Value]] = [:]
    if !keys.isEmpty {
      var own = query
      own.predicate = .all([query.predicate, .among(keyed, keys.map(Value.string))])
      let rows = try await reads.groups(
        GroupQuery(own, by: [keyed, .spec(["category"]), .spec(["categoryId"])], sort: [(.count, true)], limit: 10_000))
      for row in rows.rows {
        types[row.key[0] ?? "", default: []].append([
          "type": Value(row.key[1]), "typeId": Value(row.key[2]), "count": .int(row.count),
        ])
      }
    }
    let groups = found.rows.map { row in
      Group(
        key: row.key, count: row.count, first: row.figures[0], last: row.figures[1], worst: row.figures[2],
        types: .list(types[row.key[0] ?? ""] ?? []))
    }
    return (groups, found.total, page)
  }

  /// `sortBy`: anomalyCount (the default), detectionDate, lastUpdate or aiRiskScore, highest first, or lowest first with `:asc` behind it;
  /// `asc` and `desc` alone are by the count.
  private var sort: [(order: GroupQuery.Order, descending: Bool)] {
    let text = call.args["sortBy"]?.string ?? "anomalyCount"
    let ascending = text.lowercased().hasSuffix("asc")
    switch text.drop(while: { $0 == "-" }).prefix(while: { $0 != ":" }) {
    case "detectionDate": return [(.figure(0), !ascending)]
    case "lastUpdate": return [(.figure(1), !ascending)]
    case "aiRiskScore": return [(.figure(2), !ascending)]
    default: return [(.count, !ascending)]
    }
  }
}

struct AnomalyConnectorsHandler: OperationHandler {
  let name = "charging.anomalyConnectors"

  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    let groups = AnomalyGroups(
      call: call, reads: ports.reads,
      by: [.spec(["connector"]), .spec(["connectorId"]), .spec(["stationId"])], keyed: .spec(["connector"]))
    let (rows, total, page) = try await groups.page()
    let connectors = try await ports.reads.objects(tenant: call.tenant, uids: rows.compactMap { $0.key[0].flatMap { UID($0) } })
    let evses = Dictionary(
      connectors.map { ($0.uid.description, $0.spec["evseId"] ?? .null) }, uniquingKeysWith: { first, _ in first })
    return .value(
      page.shown(
        rows.map { row in
          [
            "id": Value(row.key[0]), "connectorId": Value(row.key[1]), "anomalyCount": .int(row.count),
            "chargingPointId": Value(row.key[2]), "evseId": evses[row.key[0] ?? ""] ?? .null, "detectionDate": row.first,
            "lastUpdate": row.last, "anomalyTypes": row.types,
          ]
        }, total: total))
  }
}

struct AnomalySessionsHandler: OperationHandler {
  let name = "charging.anomalySessions"

  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    let groups = AnomalyGroups(
      call: call, reads: ports.reads, by: [.spec(["session"]), .spec(["sessionId"])], keyed: .spec(["session"]))
    let (rows, total, page) = try await groups.page()
    return .value(
      page.shown(
        rows.map { row in
          [
            "id": Value(row.key[0]), "chargingSessionId": Value(row.key[1]), "anomalyCount": .int(row.count),
            "detectionDate": row.first,
            "lastUpdate": row.last, "aiRiskScore": row.worst, "anomalyTypes": row.types,
          ]
        }, total: total))
  }
}
