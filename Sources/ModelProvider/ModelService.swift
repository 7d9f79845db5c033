// A language model as the engine sees it: service `model`.
import Core
import Kinds
import OutgoingHTTP
import Ports

/// Operation `complete`, {system, user, maxTokens?, timeoutSeconds?} → `{text, model}`, or `{error: {code, message}}`. Asking changes nothing
/// outside: it can be a step of class idempotent, or an observation.
public struct ModelService: ServicePort {
  public let name = "model"
  public static let standardSeconds = 30.0
  public static let mostSeconds = 110.0

  private let provider: ModelProvider?
  private let outgoing: OutgoingHTTP

  /// Nil: no provider is configured, and every question is answered with `model_not_configured`. The operator chose the address: it may be in
  /// a private network.
  public init(_ provider: ModelProvider?, outgoing: OutgoingHTTP = OutgoingHTTP(allowPrivateTargets: true)) {
    self.provider = provider
    self.outgoing = outgoing
  }

  public var isConfigured: Bool { provider != nil }
  /// The model's name, for what its answers are kept under.
  public var model: String? { provider?.model }

  public func observe(_ metadata: ObjectMetadata, operation: String, arguments: Value) async throws -> Value {
    guard operation == "complete" else { throw Self.unknown(operation) }
    return try await complete(arguments)
  }

  public func perform(_ step: Step, key: String, metadata: ObjectMetadata) async -> StepReply {
    do {
      guard step.operation == "complete" else { throw Self.unknown(step.operation) }
      return StepReply(step: step.name, outcome: .done, value: try await complete(step.arguments))
    } catch {
      let problem = error as? Problem ?? Problem(.failure, code: "model_failed", "\(error)")
      let message = problem.message + (problem.fix.map { ". \($0)" } ?? "")
      return StepReply(
        step: step.name, outcome: .failed, value: ["error": ["code": .string(problem.code), "message": .string(message)]])
    }
  }

  /// Throws Problem: see `ChatCompletion.text`; and `model_not_configured`, `model_timeout`, `model_unavailable`.
  public func complete(_ arguments: Value) async throws -> Value {
    guard let provider else {
      throw Problem(
        .unavailable, code: "model_not_configured", "no language model is configured",
        fix: "Start plumb serve with --llm-url and --llm-model.")
    }
    let chat = ChatCompletion(provider: provider)
    let seconds = min(max(arguments["timeoutSeconds"].double ?? Self.standardSeconds, 1), Self.mostSeconds)
    switch await outgoing.send(chat.request(arguments, timeout: .seconds(seconds))) {
    case .success(let response): return ["text": .string(try chat.text(response)), "model": .string(provider.model)]
    case .failure(let failure):
      throw Problem(
        failure.reason == .timeout ? .timeout : .unavailable,
        code: failure.reason == .timeout ? "model_timeout" : "model_unavailable",
        "the model provider gave no answer: \(failure.message)")
    }
  }

  private static func unknown(_ operation: String) -> Problem {
    Problem(.failure, code: "unknown_operation", "a model cannot \(operation)")
  }
}
