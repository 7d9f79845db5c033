// A service as one replica reaches it: steps fail, replies are lost, the replica ends between intent and reply.
import Core
import Kinds
import Ports

final class FaultyService: ServicePort, @unchecked Sendable {
  /// A reply that takes this long is lost: every step's deadline is shorter.
  static let never = Duration.seconds(120)

  let name: String
  var answersAtOnce: Bool { inner.answersAtOnce }
  private let inner: any ServicePort
  private let link: ReplicaLink

  init(_ inner: any ServicePort, link: ReplicaLink) {
    self.inner = inner
    self.link = link
    name = inner.name
  }

  func observe(_ metadata: ObjectMetadata, operation: String, arguments: Value) async throws -> Value {
    if link.isDead || link.chance(link.rates.failStep / 4) {
      throw Problem(.unavailable, code: "simulated", "The service cannot be seen.")
    }
    return try await inner.observe(metadata, operation: operation, arguments: arguments)
  }

  func perform(_ step: Step, key: String, metadata: ObjectMetadata) async -> StepReply {
    let lost = StepReply(step: step.name, outcome: .unknown, value: .null)
    if link.isDead { return lost }
    if let point = link.point, point.hits() {
      if point.after { _ = await inner.perform(step, key: key, metadata: metadata) }
      link.crash()
      return lost
    }
    if link.chance(link.rates.crash * 3) {
      link.tell?(.fault, "ends while it takes step \(step.name) of \(metadata.kind)/\(metadata.name)")
      link.crash()
      switch link.random.next() % 3 {
      case 0: _ = await inner.perform(step, key: key, metadata: metadata)
      case 1:
        await link.executor.pause(link.upTo(ReplicaLink.latestStep))
        _ = await inner.perform(step, key: key, metadata: metadata)
      default: break
      }
      return lost
    }
    if link.chance(link.rates.failStep) {
      link.tell?(.fault, "step \(step.name) of \(metadata.kind)/\(metadata.name) fails")
      return StepReply(step: step.name, outcome: .failed, value: ["error": ["code": "spawn_failed", "message": "simulated"]])
    }
    await link.executor.sleep(link.upTo(link.chance(link.rates.slow) ? .seconds(3) : .milliseconds(50)))
    if link.isDead { return lost }
    let reply = await inner.perform(step, key: key, metadata: metadata)
    if link.chance(link.rates.loseStep) {
      link.tell?(.fault, "step \(step.name) of \(metadata.kind)/\(metadata.name) is done, and its reply is lost")
      await link.executor.sleep(Self.never)
    } else {
      link.tell?(.effect, "\(name) \(step.operation) for \(metadata.kind)/\(metadata.name): \(reply.outcome.rawValue)")
    }
    return reply
  }

  func probe(_ step: Step, key: String, metadata: ObjectMetadata) async -> StepReply? {
    link.isDead ? nil : await inner.probe(step, key: key, metadata: metadata)
  }

  func wakes() -> AsyncStream<(tenant: UID, uid: UID, kind: String)> { FaultyStream.over(inner.wakes(), link: link) }
}
