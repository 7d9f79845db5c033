// Text messages as the engine sees them: service `texts`, over the HTTP of a gateway.
import Core
import Kinds
import OutgoingHTTP
import Ports

/// How the gateway is reached.
public struct TextGateway: Sendable {
  /// Messages are posted to `BASE/messages`.
  public var base: String
  public var token: String
  /// Number or name that messages come from; nil: the gateway's own.
  public var sender: String?
  public init(base: String, token: String, sender: String?) {
    self.base = base
    self.token = token
    self.sender = sender
  }
}

/// Step `send` (keyed) {to, text, id?} → `POST BASE/messages` with `Authorization: Bearer TOKEN`, `Idempotency-Key` and
/// `{"to", "from", "text"}`; the key follows from `id`, or else from the step's, so that a message sent twice is one. Any 2xx means that the gateway took it. Reply `{id?}`, or `{error: {code, message, retry}}`: what the
/// gateway refuses (4xx but 408 and 429) is not tried again.
public struct TextMessageService: ServicePort {
  public let name = "texts"
  private static let patience = Duration.seconds(10)

  private let outgoing: OutgoingHTTP
  private let settings: @Sendable () async throws -> TextGateway?

  /// - Parameter settings: asked for each message; nil: no gateway is configured.
  public init(_ outgoing: OutgoingHTTP, settings: @escaping @Sendable () async throws -> TextGateway?) {
    self.outgoing = outgoing
    self.settings = settings
  }

  public func observe(_ metadata: ObjectMetadata, operation: String, arguments: Value) async throws -> Value {
    throw Problem(.failure, code: "unknown_operation", "texts cannot be observed")
  }

  public func perform(_ step: Step, key: String, metadata: ObjectMetadata) async -> StepReply {
    func failed(_ code: String, _ message: String, retry: Bool) -> StepReply {
      StepReply(
        step: step.name, outcome: .failed,
        value: ["error": ["code": .string(code), "message": .string(message), "retry": .bool(retry)]])
    }
    guard step.operation == "send" else { return failed("unknown_operation", "texts cannot \(step.operation)", retry: false) }
    let gateway: TextGateway?
    do { gateway = try await settings() } catch { return failed("settings", "the settings cannot be read now", retry: true) }
    guard let gateway else {
      return failed("texts_not_configured", "no gateway of text messages is configured (sms.url, sms.token)", retry: false)
    }
    var body: ObjectMap = ["to": step.arguments["to"], "text": step.arguments["text"]]
    if let sender = gateway.sender { body["from"] = .string(sender) }
    let request = OutgoingRequest(
      method: "POST", url: gateway.base + "/messages",
      headers: [
        (name: "Authorization", value: "Bearer \(gateway.token)"), (name: "Content-Type", value: "application/json"),
        (name: "Idempotency-Key", value: step.arguments["id"].string ?? key),
      ], body: JSON.write(.object(body)), timeout: Self.patience)
    switch await outgoing.send(request) {
    case .success(let response) where (200..<300).contains(response.status):
      return StepReply(step: step.name, outcome: .done, value: ["id": (try? JSON.parse(response.body))?["id"] ?? .null])
    case .success(let response):
      let passes = response.status >= 500 || response.status == 429 || response.status == 408
      return failed("gateway", "the gateway answered \(response.status)", retry: passes)
    case .failure(let failure): return failed("gateway", "the gateway does not answer: \(failure.message)", retry: true)
    }
  }
}
