// A letter box: what is thrown in cannot be taken back, and nobody can look inside. For steps of class once.
import Core
import Foundation
import Kinds
import Ports

public final class LetterWorld: ServicePort, @unchecked Sendable {
  public let name = "letters"
  private let lock = NSLock()
  private var counts: [UID: Int] = [:]

  public init() {}

  /// Letters by the object that sent them.
  var sent: [UID: Int] { lock.withLock { counts } }

  public func observe(_ metadata: ObjectMetadata, operation: String, arguments: Value) async throws -> Value { .null }
  public func perform(_ step: Step, key: String, metadata: ObjectMetadata) async -> StepReply {
    lock.withLock { counts[metadata.uid, default: 0] += 1 }
    return StepReply(step: step.name, outcome: .done, value: .emptyObject)
  }
}
