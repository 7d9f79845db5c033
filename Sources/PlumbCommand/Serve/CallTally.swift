// How often services outside were called, and how the last call ended: a service around another that counts.
import Core
import Foundation
import Kinds
import Ports

final class CallTally: @unchecked Sendable {
  private let lock = NSLock()
  private var counts: [String: Int] = [:]
  private var failures: [String: String] = [:]

  func note(_ integration: String, failure: String?) {
    lock.withLock {
      counts[integration, default: 0] += 1
      failures[integration] = failure
    }
  }

  /// Calls since the last taking.
  func take() -> [String: Int] {
    lock.withLock {
      defer { counts = [:] }
      return counts
    }
  }

  /// Why the last call failed; nil when it did not, or there was none.
  func lastFailure(_ integration: String) -> String? { lock.withLock { failures[integration] } }
}

struct CountingService: ServicePort {
  let inner: any ServicePort
  /// As it is called in the list of integrations.
  let integration: String
  let tally: CallTally

  var name: String { inner.name }

  func observe(_ metadata: ObjectMetadata, operation: String, arguments: Value) async throws -> Value {
    do {
      let value = try await inner.observe(metadata, operation: operation, arguments: arguments)
      if value["status"].string != "not_configured" { tally.note(integration, failure: nil) }
      return value
    } catch {
      let problem = error as? Problem
      if problem?.code.hasSuffix("not_configured") != true { tally.note(integration, failure: problem?.message ?? "\(error)") }
      throw error
    }
  }

  func perform(_ step: Step, key: String, metadata: ObjectMetadata) async -> StepReply {
    let reply = await inner.perform(step, key: key, metadata: metadata)
    let error = reply.value["error"]
    if error["code"].string?.hasSuffix("not_configured") != true {
      tally.note(integration, failure: reply.outcome == .done ? nil : error["message"].string ?? "It failed.")
    }
    return reply
  }

  func probe(_ step: Step, key: String, metadata: ObjectMetadata) async -> StepReply? {
    await inner.probe(step, key: key, metadata: metadata)
  }
  func wakes() -> AsyncStream<(tenant: UID, uid: UID, kind: String)> { inner.wakes() }
  func shutdown() async { await inner.shutdown() }
  func keptHere() -> [UID] { inner.keptHere() }
  func leave(_ uid: UID) async { await inner.leave(uid) }
}
