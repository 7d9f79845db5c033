// `eventTypes`: every event that kinds declare, sorted by name.
import Core
import Kinds
import Ports

struct EventTypesHandler: OperationHandler {
  let name = "eventTypes"

  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    var docs: [String: String] = [:]
    for kind in ports.catalog.kinds where !kind.retired {
      for event in kind.events where docs[event.name] == nil { docs[event.name] = event.doc }
    }
    return .value(.list(docs.sorted { $0.key < $1.key }.map { ["type": .string($0.key), "description": .string($0.value)] }))
  }
}
