// `openapi`: the family's OpenAPI document under a path of the family's own.
import Core
import Ports

struct OpenAPIHandler: OperationHandler {
  let name = "openapi"
  /// The document of a family.
  let document: @Sendable (String) -> [UInt8]?

  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    guard let bytes = document(call.family) else { throw RouteExecutor.missing }
    return OperationReply(.bytes(bytes, type: "application/json"))
  }
}
