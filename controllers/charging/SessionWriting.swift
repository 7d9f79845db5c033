// Creating, replacing and appending: values, analysis, findings, hourly energy and the session itself, in one commit.
import ChargingAnalysis
import Core
import Kinds
import Ports

/// What a client sent of a session, read and normalised.
struct SessionInput: Sendable {
  var sessionId = ""
  var stationId = ""
  var connectorId: String?
  var evseId: String?
  var values: [MeterValue] = []
  /// Nil: not given.
  var metadata: Value?
  var status: String?

  /// What types do not show.
  static func faults(of body: Value) -> [Problem] {
    body["meterValues"].list == nil ? [] : MeterValueReader.read(body["meterValues"]).problems
  }

  /// All faults at once.
  init(_ body: Value, at pointer: String = "") throws {
    sessionId = body["sessionId"].string ?? ""
    stationId = body["chargingStationId"].string ?? ""
    connectorId = body["connectorId"].string
    evseId = body["evseId"].string
    if case .object = body["metadata"] { metadata = body["metadata"] }
    status = body["status"].string
    let read = MeterValueReader.read(body["meterValues"], at: pointer + "/meterValues")
    guard read.problems.isEmpty else { throw Problems(read.problems) }
    values = read.values
  }
}

struct SessionWriting: Sendable {
  /// Values of one session, at most.
  static let valueLimit = 50_000
  /// A station's figures follow a change of its sessions within this time, well below the promised minute.
  static let stationDelay = Duration.seconds(3)
  /// Where many sessions come at once their stations wait a little longer, so that each is looked at once for many of them.
  static let bulkDelay = Duration.seconds(10)
  /// Another's write came first: read again and try anew, so often.
  static let attempts = 6

  let call: OperationCall
  let ports: OperationPorts
  var tenant: UID { call.tenant }

  func create(_ input: SessionInput) async throws -> StoredObject {
    try await retried { _ in try await createOnce(input) }
  }

  /// - Parameter replacing: the values sent are all there are.
  func change(_ sessionId: String, _ input: SessionInput, replacing: Bool) async throws -> StoredObject {
    try await retried { try await changeOnce(sessionId, input, replacing: replacing, isFirst: $0 == 1) }
  }

  static func session(_ sessionId: String, tenant: UID, reads: any ReadPort) async throws -> StoredObject {
    let found = try await reads.objects(named: [ObjectKey(tenant: tenant, kind: "Session", name: sessionId)]).first
    guard let found, found.deleting == nil else { throw missing }
    return found
  }

  private func retried(_ body: (_ attempt: Int) async throws -> StoredObject) async throws -> StoredObject {
    for attempt in 1... {
      do { return try await body(attempt) } catch let problems as Problems where attempt < Self.attempts && Self.isRace(problems)
      {}
    }
    fatalError("not reached: the loop ends by returning or throwing")
  }

  /// A station, connector or anomaly that another request made first, or a session that moved.
  private static func isRace(_ problems: Problems) -> Bool {
    problems.list.allSatisfy { $0.category == .stale || $0.category == .conflict }
      && !problems.list.contains { $0.code == exists }
  }

  static let missing = Problem(.missing, code: "missing", "There is no such session.")
  static let exists = "session_exists"

  private func createOnce(_ input: SessionInput) async throws -> StoredObject {
    let reads = ports.reads
    if try await reads.objects(named: [ObjectKey(tenant: tenant, kind: "Session", name: input.sessionId)]).first != nil {
      throw Problems(
        Problem(
          .conflict, code: Self.exists, "A session with the id \"\(input.sessionId.prefix(80))\" exists.", pointer: "/sessionId",
          fix: "Append to it with PATCH, or replace its values with PUT."))
    }
    let ground = try await SessionGround.find(
      tenant: tenant, stationId: input.stationId, connectorId: input.connectorId,
      evseId: input.evseId,
      modelId: input.metadata?[ModelChoice.member].string,
      reads: reads, newUID: ports.newUID)
    let uid = ports.newUID()
    var fields = Self.identity(input, ground)
    var change = SessionChange(session: uid, sessionId: input.sessionId, tenant: tenant, ground: ground, now: call.now)
    change.connectorId = input.connectorId
    change.evseId = input.evseId
    change.values = input.values
    change.points = input.values
    change.pricePerKwh = input.metadata?["pricePerKwh"].double
    let extra = try change.decide(previous: [:], known: [], newUID: ports.newUID)
    for (name, value) in extra.fields where !value.isNull { fields[name] = value }
    let session = Intent(
      .create, .key(ObjectKey(tenant: tenant, kind: "Session", name: input.sessionId)), fields: fields, newUID: uid)
    let outcome = try await ports.writes.write(
      ground.creations + [session] + extra.intents, attaching: extra.attachments, guards: nil)
    guard let made = outcome.objects[ground.creations.count] else {
      throw Problem(.failure, code: "failure", "The session is gone.")
    }
    return made
  }

  static func identity(_ input: SessionInput, _ ground: SessionGround) -> ObjectMap {
    var fields: ObjectMap = ["station": .string(ground.station.description), "stationId": .string(input.stationId)]
    if let connector = ground.connector { fields["connector"] = .string(connector.description) }
    if let connectorId = input.connectorId { fields["connectorId"] = .string(connectorId) }
    if let evseId = input.evseId { fields["evseId"] = .string(evseId) }
    if let metadata = input.metadata { fields["metadata"] = metadata }
    if let status = input.status { fields["status"] = .string(status) }
    return fields
  }

  private func changeOnce(_ sessionId: String, _ input: SessionInput, replacing: Bool, isFirst: Bool) async throws -> StoredObject
  {
    let reads = ports.reads
    // What the route found is good for the first attempt.
    let session =
      if isFirst, let target = call.target { target } else { try await Self.session(sessionId, tenant: tenant, reads: reads) }
    var fields = ObjectMap()
    if let metadata = input.metadata, metadata != session.spec["metadata"] { fields["metadata"] = metadata }
    if let status = input.status, status != session.spec["status"]?.string { fields["status"] = .string(status) }
    let modelId = (input.metadata ?? session.spec["metadata"] ?? .null)[ModelChoice.member].string
    let choosesModel = input.metadata != nil && modelId != (session.spec["metadata"] ?? .null)[ModelChoice.member].string
    var values = input.values
    if !replacing {
      if values.isEmpty, fields.isEmpty { return session }
      if !values.isEmpty || choosesModel {
        let known = ChannelCode.values(try await reads.series(tenant: tenant, owners: [session.uid])[session.uid] ?? [])
        values = MeterValueReader.merge(known, values)
      }
    }
    guard values.count <= Self.valueLimit else {
      throw Problems(
        Problem(
          .tooLarge, code: "session_full",
          "A session keeps at most \(Self.valueLimit) meter values; these would be \(values.count).",
          pointer: "/meterValues"))
    }
    var extra = SessionChange.Outcome()
    if replacing || !input.values.isEmpty || choosesModel {
      let ground = try await SessionGround.of(session, modelId: modelId, reads: reads)
      var change = SessionChange(session: session.uid, sessionId: sessionId, tenant: tenant, ground: ground, now: call.now)
      change.connectorId = session.spec["connectorId"]?.string
      change.evseId = session.spec["evseId"]?.string
      change.values = values
      change.points = input.values
      change.replaces = replacing
      change.pricePerKwh = (input.metadata ?? session.spec["metadata"] ?? .null)["pricePerKwh"].double
      let known = try await Self.findings(session, reads)
      extra = try change.decide(previous: session.spec, known: known, newUID: ports.newUID)
      for (name, value) in extra.fields { fields[name] = value }
    }
    if fields.isEmpty { return session }
    let patch = Intent(
      .patch, .uid(tenant: tenant, kind: "Session", session.uid), fields: fields, expectedVersion: session.version)
    let outcome = try await ports.writes.write([patch] + extra.intents, attaching: extra.attachments, guards: nil)
    return outcome.objects[0] ?? session
  }

  /// The session's anomaly objects; none are asked for where there never were any.
  static func findings(_ session: StoredObject, _ reads: any ReadPort) async throws -> [(uid: UID, spec: ObjectMap)] {
    guard session.spec["everAnomalous"]?.bool == true else { return [] }
    let query = ObjectQuery(
      tenant: session.tenant, kind: "Anomaly", predicate: .compare(.spec(["sessionId"]), .equal, .string(session.name)),
      limit: AnomalyCategory.allCases.count, wantsOwners: false)
    return try await reads.list(query).objects.map { ($0.uid, $0.spec) }
  }
}
