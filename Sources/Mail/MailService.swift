// Mail as the engine sees it: service `mail`.
import Core
import Foundation
import Kinds
import Ports

/// Step `send` (keyed) {to: [address], subject, text, id?} →
/// `{accepted: [address], rejected: [{address, reason}]}`, or `{error: {code, message}}`.
/// The Message-ID follows from `id`, or else from the step's key, so that a message sent twice is one to a mail program.
public final class MailService: ServicePort {
  public let name = "mail"
  private static let mostAtOnce = 4
  private static let mostWaiting = 1000
  private static let patience = 20

  private let server: MailServer?
  private let queue: OperationQueue

  /// `smtp://[user:password@]HOST[:PORT][?from=ADDRESS]`, or smtps://; nil: mail is not sent, and steps say so.
  /// Throws Problem `bad_smtp_url`.
  public init(server: String?) throws {
    self.server = try server.map { try MailServer($0) }
    queue = OperationQueue()
    queue.maxConcurrentOperationCount = Self.mostAtOnce
  }

  public func observe(_ metadata: ObjectMetadata, operation: String, arguments: Value) async throws -> Value {
    throw Problem(.failure, code: "unknown_operation", "mail cannot be observed")
  }

  public func perform(_ step: Step, key: String, metadata: ObjectMetadata) async -> StepReply {
    do {
      guard step.operation == "send" else { throw Problem(.failure, code: "unknown_operation", "mail cannot \(step.operation)") }
      guard let server else {
        throw Problem(
          .unavailable, code: "mail_not_configured", "no mail server is configured",
          fix: "Start plumb serve with --smtp smtp://HOST:PORT.")
      }
      let to = (step.arguments["to"].list ?? []).compactMap(\.string)
      let message = try MailMessage(
        from: server.from, to: to, subject: step.arguments["subject"].string ?? "", text: step.arguments["text"].string ?? "",
        id: step.arguments["id"].string ?? key, at: SystemClock().now())
      let refused = try await send(message, server)
      let rejected = refused.map { Value.object(["address": .string($0.address), "reason": .string($0.reason)]) }
      let accepted = to.filter { address in !refused.contains { $0.address == address } }
      return StepReply(
        step: step.name, outcome: .done, value: ["accepted": .list(accepted.map(Value.string)), "rejected": .list(rejected)])
    } catch {
      let problem = error as? Problem ?? Problem(.failure, code: "mail_failed", "\(error)")
      let message = problem.message + (problem.fix.map { " \($0)" } ?? "")
      return StepReply(
        step: step.name, outcome: problem.code == "lost" ? .unknown : .failed,
        value: ["error": ["code": .string(problem.code), "message": .string(message)]])
    }
  }

  private func send(_ message: MailMessage, _ server: MailServer) async throws -> [(address: String, reason: String)] {
    guard queue.operationCount < Self.mostWaiting else {
      throw Problem(.limited, code: "busy", "too many messages wait to be sent")
    }
    return try await withCheckedThrowingContinuation { continuation in
      queue.addOperation {
        continuation.resume(
          with: Result {
            guard server.encrypted || server.user != nil else {
              return try SMTPSession.send(message, to: server, seconds: Double(Self.patience))
            }
            try CurlMail.send(message, to: server, seconds: Self.patience)
            return []
          })
      }
    }
  }
}
