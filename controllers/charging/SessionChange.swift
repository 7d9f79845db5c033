// From a session's values to everything that follows from them. Pure: the same for a request, a batch and a chosen model.
import ChargingAnalysis
import Core
import Kinds
import Ports

struct SessionChange {
  struct Outcome {
    /// Fields of the session that change; null clears.
    var fields = ObjectMap()
    /// Anomalies.
    var intents: [Intent] = []
    var attachments = Attachments()
  }

  var session: UID
  var sessionId: String
  var tenant: UID
  var ground: SessionGround
  var now: Timestamp
  var connectorId: String?
  var evseId: String?
  /// All values, in order of time.
  var values: [MeterValue] = []
  /// Those that have to be stored.
  var points: [MeterValue] = []
  var replaces = false
  /// The session's own price; nil: its station's.
  var pricePerKwh: Double?
  /// Leaves the analysis to the batch that the session came with.
  var defersAnalysis = false

  /// - Parameters:
  ///   - previous: the session's fields so far.
  ///   - known: its anomaly objects.
  func decide(previous: ObjectMap, known: [(uid: UID, spec: ObjectMap)], newUID: () -> UID) throws -> Outcome {
    var outcome = Outcome()
    let fingerprint = MeterValueReader.fingerprint(values)
    let moved = previous["fingerprint"]?.string != fingerprint
    if moved {
      let energy = StationEnergy.hourly([values])
      for (name, value) in SessionFields.facts(values, fingerprint: fingerprint, energy: energy) { outcome.fields[name] = value }
      outcome.attachments.series.append(
        SeriesWrite(tenant: tenant, owner: session, replaces: replaces, points: ChannelCode.points(points)))
      outcome.attachments.tallies.append(
        TallyWrite(
          tenant: tenant, owner: session, group: ground.station, part: ground.connector ?? UID(high: 0, low: 0),
          amounts: energy.filter { $0.kwh != 0 }.map { (hour: $0.start, amount: $0.kwh) }))
    }
    if defersAnalysis {
      outcome.fields["awaits"] = true
    } else {
      analyze(fingerprint, previous, known, &outcome, newUID)
    }
    price(previous, &outcome)
    if !outcome.fields.isEmpty {
      outcome.attachments.work.append(
        WorkRequest(
          tenant: tenant, uid: ground.station, kind: "ChargingStation",
          due: now + (defersAnalysis ? SessionWriting.bulkDelay : SessionWriting.stationDelay)))
    }
    return outcome
  }

  /// Revenue follows the energy, and what may have leaked the score.
  private func price(_ previous: ObjectMap, _ outcome: inout Outcome) {
    func now(_ name: String) -> Double { (outcome.fields[name] ?? previous[name] ?? .null).double ?? 0 }
    let revenue = now("energyKwh") * (pricePerKwh ?? ground.pricePerKwh)
    let isAnomaly = (outcome.fields["isAnomaly"] ?? previous["isAnomaly"])?.bool == true
    for (name, value) in [("revenue", revenue), ("revenueLeak", isAnomaly ? revenue * now("anomalyScore") : 0)]
    where value != previous[name]?.double ?? 0 { outcome.fields[name] = .double(value) }
  }

  /// Nothing when these values were analysed with this model before.
  private func analyze(
    _ fingerprint: String, _ previous: ObjectMap, _ known: [(uid: UID, spec: ObjectMap)], _ outcome: inout Outcome,
    _ newUID: () -> UID
  ) {
    let isKnown = previous["analyzedFingerprint"]?.string == fingerprint && previous["model"]?.string == ground.mark
    if isKnown { return }
    let analysis = SessionAnalyzer.analyze(
      values, limits: ground.limits, earlier: ground.earlier(than: values), parameters: ground.parameters)
    if let analysis {
      let fields = SessionFields.analyzed(analysis, fingerprint: fingerprint, model: ground.mark, now: now)
      for (name, value) in fields { outcome.fields[name] = value }
      if !analysis.anomalies.isEmpty { outcome.fields["everAnomalous"] = true }
      outcome.attachments.records.append(
        RecordRow(
          tenant: tenant, uid: newUID(), kind: "SessionAnalysis", at: now,
          fields: SessionFields.record(analysis, session: session, fingerprint: fingerprint, model: ground.mark)))
    } else if previous["analyzedAt"]?.string != nil {
      for (name, value) in SessionFields.unanalyzed { outcome.fields[name] = value }
    }
    if previous["awaits"]?.bool == true { outcome.fields["awaits"] = false }
    let place = AnomalyFindings.Place(
      session: session, sessionId: sessionId, station: ground.station, stationId: ground.stationId, connector: ground.connector,
      connectorId: connectorId, evseId: evseId)
    outcome.intents += AnomalyFindings.changes(analysis, known: known, place: place, now: now).map { change in
      switch change {
      case .create(let fields): Intent(.create, .new(tenant: tenant, kind: "Anomaly"), fields: fields)
      case .update(let uid, let fields): Intent(.patch, .uid(tenant: tenant, kind: "Anomaly", uid), fields: fields)
      }
    }
  }
}
