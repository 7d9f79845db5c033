// Operations on one session: create, replace, append, show.
import ChargingAnalysis
import Core
import Ports

struct CreateSessionHandler: OperationHandler {
  let name = "charging.createSession"
  func faults(of body: Value) -> [Problem] { SessionInput.faults(of: body) }

  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    let session = try await SessionWriting(call: call, ports: ports).create(try SessionInput(call.body))
    return .value(.object(SessionFields.shown(session)))
  }
}

struct ReplaceSessionHandler: OperationHandler {
  let name = "charging.replaceSession"
  func faults(of body: Value) -> [Problem] { SessionInput.faults(of: body) }

  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    let id = call.path["session_id"] ?? ""
    let session = try await SessionWriting(call: call, ports: ports).change(id, try SessionInput(call.body), replacing: true)
    return .value(.object(SessionFields.shown(session)))
  }
}

struct AppendSessionHandler: OperationHandler {
  let name = "charging.appendSession"
  func faults(of body: Value) -> [Problem] { SessionInput.faults(of: body) }

  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    let session = try await SessionWriting(call: call, ports: ports).change(
      call.path["session_id"] ?? "", try SessionInput(call.body), replacing: false)
    return .value(.object(SessionFields.shown(session)))
  }
}

struct GetSessionHandler: OperationHandler {
  let name = "charging.getSession"

  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    guard let session = call.target else { throw SessionWriting.missing }
    let points = try await ports.reads.series(tenant: call.tenant, owners: [session.uid])[session.uid] ?? []
    var shown = SessionFields.shown(session)
    for (name, field) in [
      ("chargingStationId", "stationId"), ("connectorId", "connectorId"), ("evseId", "evseId"), ("metadata", "metadata"),
      ("anomalyCount", "anomalyCount"), ("energyKwh", "energyKwh"), ("startedAt", "startedAt"), ("endedAt", "endedAt"),
    ] { shown[name] = session.spec[field] ?? .null }
    shown["meterValues"] = .list(ChannelCode.values(points).map(Self.shown))
    return .value(.object(shown))
  }

  /// Every documented member is there.
  static func shown(_ value: MeterValue) -> Value {
    [
      "timestamp": .string(value.timestamp.description), "value": .double(value.value),
      "measurand": .string(value.measurand.rawValue),
      "unit": .string(value.unit), "phase": Value(value.phase), "location": Value(value.location),
      "reconstructed": .bool(value.reconstructed),
    ]
  }
}
