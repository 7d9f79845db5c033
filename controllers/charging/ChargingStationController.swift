// ChargingStation: its figures and the judgement of its latest day, brought up to date soon after its sessions change.
import ChargingAnalysis
import Core
import Kinds
import Ports

/// Observes `charging` `station`. Sessions wake it; while energy flowed of late it also looks by itself, since an outage shows in what
/// does not happen.
public struct ChargingStationController: KindController {
  static let day = 86_400_000_000
  static let hour = 3_600_000_000
  /// A station that delivered something within this time is looked at every hour.
  static let recent = Duration.seconds(14 * 86_400)

  public let kind = "ChargingStation"
  public init() {}

  public func observation(_ input: ReconcileInput) -> (service: String, operation: String, arguments: Value)? {
    input.deleting ? nil : ("charging", "station", .emptyObject)
  }

  public func decide(_ input: ReconcileInput) -> Decision {
    if input.deleting { return Decision(status: input.status, finished: true) }
    guard !input.world.isNull else { return Decision(status: input.status, lookAgain: .seconds(5)) }
    var conditions = ConditionSet(input)
    conditions.set("Ready", .yes, "Computed", "its figures are up to date")
    var status: Value = ["conditions": conditions.value]
    let world = input.world
    status["totalSessions"] = world["total"]
    status["anomalousSessions"] = world["anomalous"]
    status["totalAnomalies"] = world["anomalies"]
    status["lastAnomalyAt"] = world["lastAnomalyAt"]
    status["connectors"] = .list(
      (world["connectors"].list ?? []).filter { !$0["connectorId"].isNull }.map { one in
        [
          "connectorId": one["connectorId"], "totalSessions": one["total"], "anomalousSessions": one["anomalous"],
          "anomalyCategories": one["categories"],
        ]
      })
    let hours = (world["hours"].list ?? []).compactMap { pair -> HourEnergy? in
      guard let parts = pair.list, parts.count == 2, let at = parts[0].int, let kwh = parts[1].double else { return nil }
      return HourEnergy(start: Timestamp(microseconds: at), kwh: kwh)
    }
    var records: [(kind: String, row: ObjectMap)] = []
    if let last = hours.last { records = judge(hours, last: last.start, input, &status) }
    let scores = [world["worst"].double, status["isAnomaly"].bool == true ? status["anomalyScore"].double : nil].compactMap { $0 }
    status["aiScore"] = scores.max().map(Value.double) ?? (world["total"].int ?? 0 > 0 ? 0.0 : .null)
    // The time moves with the figures, so that a look that found nothing new writes nothing.
    let isSame = Self.content(status) == Self.content(input.status)
    status["computedAt"] = isSame ? input.status["computedAt"] : .string(input.now.description)
    let isRecent = hours.last.map { input.now - $0.start < Self.recent } ?? false
    return Decision(status: status, lookAgain: isRecent ? .seconds(3600) : nil, records: records)
  }

  /// The history keeps what says something else than before: another day, another judgement, another score; not each kilowatt-hour.
  private func isNews(_ judged: ObjectMap, _ before: Value) -> Bool {
    let (now, old) = (judged["detectionDetails"] ?? .null, before["detectionDetails"])
    return before["analyzedAt"].isNull || judged["isAnomaly"] != before["isAnomaly"]
      || ["anomaly_type", "affected_period", "affected_from"].contains { now[$0] != old[$0] }
      || abs((judged["dayScore"]?.double ?? 0) - (before["dayScore"].double ?? 0)) >= Self.newScore
  }

  /// A score that moved by less is no news.
  private static let newScore = 0.1

  private static func content(_ status: Value) -> Value {
    var status = status
    status["computedAt"] = .null
    status["conditions"] = .null
    return status
  }

  /// SHADE on the station's latest day: today while it is in use, else the last day with energy.
  private func judge(_ hours: [HourEnergy], last: Timestamp, _ input: ReconcileInput, _ status: inout Value) -> [(
    kind: String, row: ObjectMap
  )] {
    let now = input.now.microseconds
    let isLive = now - last.microseconds < 2 * Self.day && now >= last.microseconds
    let moment = isLive ? now : last.microseconds
    let start = moment - moment % Self.day
    let through = isLive ? max(now - now % Self.hour, last.microseconds + Self.hour) : last.microseconds + Self.hour
    let (today, history) = (hours.filter { $0.start.microseconds >= start }, hours.filter { $0.start.microseconds < start })
    let analysis = StationAnalyzer.analyze(
      day: Timestamp(microseconds: start), through: Timestamp(microseconds: min(through, start + Self.day)), hours: today,
      history: history)
    let judged: ObjectMap = [
      "isAnomaly": .bool(analysis.isAnomaly), "anomalyScore": .double(analysis.anomalyScore),
      "dayScore": .double(analysis.dayScore),
      "detectionDetails": analysis.detectionDetails,
    ]
    let markers = Value.list(analysis.markers.map(\.json))
    for (name, value) in judged { status[name] = value }
    status["anomalyMarkers"] = markers
    status["energyTimeline"] = .list(analysis.timeline.map(\.json))
    let isSame = judged.allSatisfy { input.status[$0.key] == $0.value } && input.status["anomalyMarkers"] == markers
    status["analyzedAt"] =
      isSame && !input.status["analyzedAt"].isNull ? input.status["analyzedAt"] : .string(input.now.description)
    if !isNews(judged, input.status) { return [] }
    var row = judged
    row["station"] = .string(input.metadata.uid.description)
    return [(kind: "StationInference", row: row)]
  }
}
