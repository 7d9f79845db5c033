// Whoever is told of changes: takes every delivery, and remembers what came, in order.
import Core
import Foundation
import Kinds
import Ports

/// Stands for the `http` service.
public final class HookWorld: ServicePort, @unchecked Sendable {
  /// What a delivery tells: whose change, which, and when it was committed.
  struct Delivery: Hashable {
    var uid: String
    var event: String
    var at: String
  }

  public let name = "http"
  private let lock = NSLock()
  private var arrived: [UID: [Delivery]] = [:]

  public init() {}

  /// What one webhook was told, each thing once, in the order of its first arrival.
  func told(_ webhook: UID) -> [Delivery] {
    var seen: Set<Delivery> = []
    return lock.withLock { arrived[webhook] ?? [] }.filter { seen.insert($0).inserted }
  }

  public func observe(_ metadata: ObjectMetadata, operation: String, arguments: Value) async throws -> Value { .null }
  public func perform(_ step: Step, key: String, metadata: ObjectMetadata) async -> StepReply {
    if let payload = step.arguments["body"].string.flatMap({ try? JSON.parse(Array($0.utf8)) }) {
      let delivery = Delivery(
        uid: payload["data"]["object"]["id"].string ?? "", event: payload["type"].string ?? "",
        at: payload["createdAt"].string ?? "")
      lock.withLock { arrived[metadata.uid, default: []].append(delivery) }
    }
    return StepReply(step: step.name, outcome: .done, value: ["status": 200, "body": "", "durationMs": 5])
  }
}
