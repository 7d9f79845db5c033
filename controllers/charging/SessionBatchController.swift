// SessionBatch: analyses the sessions that a batch brought, a few at a time, until all are done. Restarted, it goes on where it was.
import ChargingAnalysis
import Core
import Kinds
import Ports

/// Observes `charging` `batch`: the next sessions that still wait, with their values. What it writes of a session is bound to the values
/// that it saw: a session that got others meanwhile refuses, and is seen anew.
public struct SessionBatchController: KindController {
  /// Sessions of one decision, and about as many values.
  static let portion = 100
  static let portionValues = 20_000

  public let kind = "SessionBatch"
  public init() {}

  public func observation(_ input: ReconcileInput) -> (service: String, operation: String, arguments: Value)? {
    if input.deleting || RunStatus.isFinished(input.status) { return nil }
    let items = input.spec["items"]?.list ?? []
    let done = input.status["analyzed"].int ?? 0
    return ("charging", "sessions", ["sessions": .list(Self.next(items, after: done).map { $0["session"] })])
  }

  /// At least one where any is left.
  static func next(_ items: [Value], after done: Int) -> [Value] {
    var values = 0
    var next: [Value] = []
    for item in items.dropFirst(done).prefix(portion) {
      values += item["values"].int ?? portionValues / 100
      if values > portionValues, !next.isEmpty { break }
      next.append(item)
    }
    return next
  }

  public func decide(_ input: ReconcileInput) -> Decision {
    if input.deleting { return Decision(status: input.status, finished: true) }
    if RunStatus.isFinished(input.status) { return Decision(status: input.status) }
    var run = RunStatus(input)
    run.attempts = 1
    let items = input.spec["items"]?.list ?? []
    let failures = input.spec["failures"]?.list?.count ?? 0
    let before = input.status["analyzed"].int ?? 0
    guard before >= items.count || !input.world.isNull else {
      return Decision(
        status: input.status.isNull ? run.running("waiting for its sessions") : input.status, lookAgain: .seconds(2))
    }
    var writes: [ControllerWrite] = []
    var records: [(kind: String, row: ObjectMap)] = []
    var wakes: [Wake] = []
    for seen in input.world["sessions"].list ?? [] {
      guard let session = SessionSeen(seen), session.spec["awaits"]?.bool == true else { continue }
      let (fields, changes, row) = session.analyzed(tenant: input.metadata.tenant, now: input.now)
      writes.append(.update(kind: "Session", uid: session.uid, spec: fields))
      for change in changes {
        switch change {
        case .create(let fields): writes.append(.create(kind: "Anomaly", name: nil, spec: fields))
        case .update(let uid, let fields): writes.append(.update(kind: "Anomaly", uid: uid, spec: fields))
        }
      }
      if let row { records.append((kind: "SessionAnalysis", row: row)) }
      wakes.append(Wake(kind: "ChargingStation", uid: session.ground.station, after: SessionWriting.bulkDelay))
    }
    let analyzed = before + Self.next(items, after: before).count
    let isDone = analyzed >= items.count
    var status = isDone ? run.succeeded("\(items.count) sessions analysed, \(failures) failed") : run.running("analysing")
    status["analyzed"] = .int(analyzed)
    status["processedSessions"] = .int(analyzed + failures)
    status["failedSessions"] = .int(failures)
    var decision = Decision(status: status, lookAgain: isDone ? nil : .zero, records: records, writes: writes)
    decision.wakes = wakes
    return decision
  }
}

/// A session with its values as the service `charging` shows it.
struct SessionSeen {
  var uid: UID
  var spec: ObjectMap
  var ground: SessionGround
  var values: [MeterValue]
  var known: [(uid: UID, spec: ObjectMap)]

  init?(_ value: Value) {
    guard let uid = value["uid"].string.flatMap({ UID($0) }), let spec = value["spec"].object,
      let station = spec["station"]?.string.flatMap({ UID($0) })
    else { return nil }
    self.uid = uid
    self.spec = spec
    ground = SessionGround(station: station, stationId: spec["stationId"]?.string ?? "")
    ground.connector = spec["connector"]?.string.flatMap { UID($0) }
    if let connector = value["connector"].object { ground.limits = SessionGround.limits(connector) }
    ground.earlier = (value["earlier"].list ?? []).compactMap(Self.earlier)
    ground.mark = value["model"]["mark"].string ?? ""
    ground.parameters = (try? DetectorParameters(json: value["model"]["parameters"])) ?? .standard
    values = ChannelCode.values(PointCoding.points(value["points"]))
    known = (value["anomalies"].list ?? []).compactMap { one in
      guard let uid = one["uid"].string.flatMap({ UID($0) }), let spec = one["spec"].object else { return nil }
      return (uid, spec)
    }
  }

  private static func earlier(_ value: Value) -> EarlierResult? {
    guard let start = value["startedAt"].string.flatMap({ Timestamp($0) }) else { return nil }
    return EarlierResult(
      startedAt: start,
      categories: (value["categories"].list ?? []).compactMap { $0.string.flatMap { AnomalyCategory(rawValue: $0) } })
  }

  /// Fields of the session, changes of its anomalies, and the row for its history.
  func analyzed(tenant: UID, now: Timestamp) -> (fields: ObjectMap, changes: [AnomalyFindings.Change], record: ObjectMap?) {
    let sessionId = spec["sessionId"]?.string ?? ""
    let fingerprint = MeterValueReader.fingerprint(values)
    let analysis = SessionAnalyzer.analyze(
      values, limits: ground.limits, earlier: ground.earlier(than: values), parameters: ground.parameters)
    var fields: ObjectMap = ["awaits": false]
    var record: ObjectMap?
    if let analysis {
      for (name, value) in SessionFields.analyzed(analysis, fingerprint: fingerprint, model: ground.mark, now: now) {
        fields[name] = value
      }
      if !analysis.anomalies.isEmpty { fields["everAnomalous"] = true }
      if analysis.isAnomaly { fields["revenueLeak"] = .double((spec["revenue"]?.double ?? 0) * analysis.anomalyScore) }
      record = SessionFields.record(analysis, session: uid, fingerprint: fingerprint, model: ground.mark)
    }
    let place = AnomalyFindings.Place(
      session: uid, sessionId: sessionId, station: ground.station, stationId: ground.stationId, connector: ground.connector,
      connectorId: spec["connectorId"]?.string, evseId: spec["evseId"]?.string)
    return (fields, AnomalyFindings.changes(analysis, known: known, place: place, now: now), record)
  }
}
