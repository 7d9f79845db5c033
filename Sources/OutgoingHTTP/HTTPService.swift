// Outgoing HTTP as the engine sees it: service `http`.
import Core
import Kinds
import Ports

/// Operations are methods in lower case (`post`). Arguments: `url`, `headers` (object of strings), `body` (text), `timeoutSeconds`.
/// A reply's value has `status`, `body` (text) and `durationMs`; without an answer `error` (`code`, `message`) and `durationMs`.
public struct HTTPService: ServicePort {
  public let name = "http"
  private static let methods: Set<String> = ["get", "head", "post", "put", "patch", "delete"]
  private static let mostSeconds = 120.0

  private let outgoing: OutgoingHTTP

  public init(_ outgoing: OutgoingHTTP) { self.outgoing = outgoing }

  public func observe(_ metadata: ObjectMetadata, operation: String, arguments: Value) async throws -> Value {
    guard operation == "get" || operation == "head" else {
      throw Problem(.failure, code: "unknown_operation", "Only get and head look at an HTTP server without changing it.")
    }
    switch await outgoing.send(request(operation, arguments, key: nil)) {
    case .success(let response): return value(response)
    case .failure(let failure): throw Problem(.unavailable, code: failure.reason.rawValue, failure.message)
    }
  }

  /// Done means an answer from 200 to 299. Unknown means that the request may have arrived but the answer did not.
  public func perform(_ step: Step, key: String, metadata: ObjectMetadata) async -> StepReply {
    guard Self.methods.contains(step.operation) else {
      return failed(step, OutgoingFailure(.invalid, "There is no operation \(step.operation) of service http."))
    }
    switch await outgoing.send(request(step.operation, step.arguments, key: step.kind == .keyed ? key : nil)) {
    case .success(let response):
      return StepReply(step: step.name, outcome: (200..<300).contains(response.status) ? .done : .failed, value: value(response))
    case .failure(let failure): return failed(step, failure)
    }
  }

  private func request(_ operation: String, _ arguments: Value, key: String?) -> OutgoingRequest {
    var headers = (arguments["headers"].object ?? ObjectMap()).compactMap { entry in
      entry.value.string.map { (name: entry.key, value: $0) }
    }
    if let key, !headers.contains(where: { $0.name.lowercased() == "idempotency-key" }) {
      headers.append(("Idempotency-Key", key))
    }
    return OutgoingRequest(
      method: operation.uppercased(), url: arguments["url"].string ?? "", headers: headers,
      body: Array((arguments["body"].string ?? "").utf8),
      timeout: arguments["timeoutSeconds"].double.map { .seconds(min(max($0, 0), Self.mostSeconds)) }
        ?? OutgoingRequest.defaultTimeout)
  }

  private func value(_ response: OutgoingResponse) -> Value {
    [
      "status": .int(response.status), "body": .string(String(decoding: response.body, as: UTF8.self)),
      "durationMs": .int(response.durationMs),
    ]
  }

  private func failed(_ step: Step, _ failure: OutgoingFailure) -> StepReply {
    StepReply(
      step: step.name, outcome: failure.mayHaveArrived ? .unknown : .failed,
      value: [
        "error": ["code": .string(failure.reason.rawValue), "message": .string(failure.message)],
        "durationMs": .int(failure.durationMs),
      ])
  }
}
