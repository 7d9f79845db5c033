// A submitted batch: every good session is stored at once with its values, the others are noted as failed; analysis follows in the background.
import ChargingAnalysis
import Core
import Kinds
import Ports

struct BatchIntake: Sendable {
  /// Sessions of one batch, and values of all its sessions together.
  static let sessionLimit = 1000
  static let valueLimit = 200_000

  let call: OperationCall
  let ports: OperationPorts
  var tenant: UID { call.tenant }

  private struct Failure {
    var index: Int
    var sessionId: String
    var message: String
    var value: Value { ["index": .int(index), "sessionId": .string(sessionId), "message": .string(message)] }
  }

  /// The batch object, made in one commit with its sessions.
  func submit(_ sessions: [Value]) async throws -> StoredObject {
    for _ in 1..<SessionWriting.attempts {
      do { return try await submitOnce(sessions) } catch let problems as Problems
        where problems.list.allSatisfy({ $0.category == .conflict || $0.category == .stale })
      {}
    }
    return try await submitOnce(sessions)
  }

  private func submitOnce(_ sessions: [Value]) async throws -> StoredObject {
    var failures: [Failure] = []
    var good: [(index: Int, input: SessionInput)] = []
    let names = sessions.compactMap { $0["sessionId"].string }
    let taken = Set(
      try await ports.reads.objects(named: names.map { ObjectKey(tenant: tenant, kind: "Session", name: $0) }).map(\.name))
    var seen = Set<String>()
    var total = 0
    for (index, body) in sessions.enumerated() {
      let id = body["sessionId"].string ?? ""
      do {
        let input = try SessionInput(body, at: "/sessions/\(index)")
        total += input.values.count
        if let fault = fault(input, taken: taken, seen: &seen) {
          failures.append(Failure(index: index, sessionId: id, message: fault))
        } else {
          good.append((index, input))
        }
      } catch let problems as Problems {
        failures.append(
          Failure(index: index, sessionId: id, message: problems.list.prefix(5).map(Self.sentence).joined(separator: " ")))
      }
    }
    guard total <= Self.valueLimit else {
      throw Problems(
        Problem(
          .tooLarge, code: "batch_too_large", "A batch carries at most \(Self.valueLimit) meter values; this one has \(total).",
          pointer: "/sessions", fix: "Send several batches."))
    }
    return try await write(sessions.count, good, failures)
  }

  private func fault(_ input: SessionInput, taken: Set<String>, seen: inout Set<String>) -> String? {
    if input.sessionId.isEmpty || input.stationId.isEmpty { return "sessionId and chargingStationId must be given." }
    if taken.contains(input.sessionId) { return "A session with this id exists." }
    if !seen.insert(input.sessionId).inserted { return "The id stands twice in this batch." }
    return nil
  }

  private static func sentence(_ problem: Problem) -> String {
    "\(problem.pointer.map { "\($0): " } ?? "")\(problem.message)" + (problem.message.hasSuffix(".") ? "" : ".")
  }

  private func write(_ total: Int, _ good: [(index: Int, input: SessionInput)], _ failures: [Failure]) async throws
    -> StoredObject
  {
    let places = try await BatchPlaces.find(good.map(\.input), tenant: tenant, ports: ports)
    let batch = ports.newUID()
    var intents = places.creations
    var attachments = Attachments()
    var items: [Value] = []
    for (index, input) in good {
      let uid = ports.newUID()
      let ground = places.ground(input)
      var fields = SessionWriting.identity(input, ground)
      var change = SessionChange(session: uid, sessionId: input.sessionId, tenant: tenant, ground: ground, now: call.now)
      change.values = input.values
      change.points = input.values
      change.pricePerKwh = input.metadata?["pricePerKwh"].double
      change.defersAnalysis = true
      let extra = try change.decide(previous: [:], known: [], newUID: ports.newUID)
      for (name, value) in extra.fields where !value.isNull { fields[name] = value }
      intents.append(
        Intent(.create, .key(ObjectKey(tenant: tenant, kind: "Session", name: input.sessionId)), fields: fields, newUID: uid))
      attachments.series += extra.attachments.series
      attachments.tallies += extra.attachments.tallies
      attachments.work += extra.attachments.work
      items.append(["index": .int(index), "session": .string(uid.description), "values": .int(input.values.count)])
    }
    let fields: ObjectMap = [
      "totalSessions": .int(total), "items": .list(items), "failures": .list(failures.map(\.value)),
    ]
    intents.append(Intent(.create, .new(tenant: tenant, kind: "SessionBatch"), fields: fields, newUID: batch))
    let outcome = try await ports.writes.write(intents, attaching: attachments, guards: nil)
    guard let made = outcome.objects[intents.count - 1] else { throw Problem(.failure, code: "failure", "The batch is gone.") }
    return made
  }
}

/// Stations and connectors of many sessions at once: two reads, however many they are.
struct BatchPlaces {
  private(set) var creations: [Intent] = []
  private var stations: [String: UID] = [:]
  private var connectors: [String: UID] = [:]
  private var prices: [String: Double] = [:]

  private static func key(_ station: UID, _ connectorId: String) -> String { "\(station)/\(connectorId)" }

  static func find(_ inputs: [SessionInput], tenant: UID, ports: OperationPorts) async throws -> BatchPlaces {
    var places = BatchPlaces()
    let names = Set(inputs.map(\.stationId)).sorted()
    for found in try await ports.reads.objects(named: names.map { ObjectKey(tenant: tenant, kind: "ChargingStation", name: $0) })
    {
      places.stations[found.name] = found.uid
      places.prices[found.name] = found.spec["pricePerKwh"]?.double
    }
    let known = places.stations.values.sorted()
    if !known.isEmpty {
      let query = ObjectQuery(
        tenant: tenant, kind: "Connector", predicate: .among(.spec(["station"]), known.map { .string($0.description) }),
        limit: 100_000, wantsOwners: false)
      for found in try await ports.reads.list(query).objects {
        guard let station = found.spec["station"]?.string.flatMap({ UID($0) }), let id = found.spec["connectorId"]?.string else {
          continue
        }
        places.connectors[key(station, id)] = found.uid
      }
    }
    for input in inputs { places.add(input, tenant, ports) }
    return places
  }

  private mutating func add(_ input: SessionInput, _ tenant: UID, _ ports: OperationPorts) {
    if stations[input.stationId] == nil {
      let uid = ports.newUID()
      stations[input.stationId] = uid
      creations.append(
        Intent(.create, .key(ObjectKey(tenant: tenant, kind: "ChargingStation", name: input.stationId)), newUID: uid))
    }
    guard let connectorId = input.connectorId, let station = stations[input.stationId] else { return }
    let key = Self.key(station, connectorId)
    if connectors[key] != nil { return }
    let uid = ports.newUID()
    connectors[key] = uid
    creations.append(
      Intent(
        .create, .new(tenant: tenant, kind: "Connector"),
        fields: SessionGround.connectorFields(station, connectorId, evseId: input.evseId), newUID: uid))
  }

  func ground(_ input: SessionInput) -> SessionGround {
    let station = stations[input.stationId] ?? UID(high: 0, low: 0)
    var ground = SessionGround(station: station, stationId: input.stationId)
    ground.pricePerKwh = prices[input.stationId] ?? 0
    ground.connector = input.connectorId.flatMap { connectors[Self.key(station, $0)] }
    return ground
  }
}
