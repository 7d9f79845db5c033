// Stands for any outside service in a simulation of manifests: it does what it is asked, remembers keys, and notes what was repeated.
import Core
import Foundation
import Kinds
import Ports

/// Answers as the real service does when all goes well. A step with a key that it knows is the same step again, as services with idempotency
/// keys have it; a step of class once that comes twice is a fault of the engine.
final class StandInService: ServicePort, @unchecked Sendable {
  let name: String
  private let lock = NSLock()
  private let store: MemoryStore
  private let timeline: SimulationTimeline
  private var replies: [String: StepReply] = [:]
  private var repeated: [String] = []

  init(name: String, store: MemoryStore, timeline: SimulationTimeline) {
    self.name = name
    self.store = store
    self.timeline = timeline
  }

  /// Steps of class once that were taken twice.
  var violations: [String] { lock.withLock { repeated } }

  func observe(_ metadata: ObjectMetadata, operation: String, arguments: Value) async throws -> Value {
    switch (name, operation) {
    case ("dns", "txt"):
      // Whoever asks for a record has put it there: all texts of the object are found.
      let object = try await store.objects(tenant: metadata.tenant, uids: [metadata.uid]).first
      let texts = object?.spec.compactMap(\.value.string) ?? []
      return ["records": .list(texts.map(Value.string)), "alias": .null, "error": .null]
    case ("dns", _): return ["records": ["192.0.2.1"], "alias": .null, "error": .null]
    case ("http", _): return Self.answer
    default: return .emptyObject
    }
  }

  func perform(_ step: Step, key: String, metadata: ObjectMetadata) async -> StepReply {
    let reply = lock.withLock { () -> StepReply in
      if let known = replies[key] {
        if step.kind == .once { repeated.append("\(metadata.kind)/\(metadata.name) took step \(step.name) of class once twice") }
        return known
      }
      let reply = StepReply(step: step.name, outcome: .done, value: name == "http" ? Self.answer : .emptyObject)
      replies[key] = reply
      return reply
    }
    return reply
  }

  func probe(_ step: Step, key: String, metadata: ObjectMetadata) async -> StepReply? { lock.withLock { replies[key] } }

  private static let answer: Value = ["status": 200, "body": "", "durationMs": 5]
}

/// One stand-in for each service that is named.
final class StandInServices: @unchecked Sendable {
  private let lock = NSLock()
  private let store: MemoryStore
  private let timeline: SimulationTimeline
  private var services: [String: StandInService] = [:]

  init(store: MemoryStore, timeline: SimulationTimeline) {
    self.store = store
    self.timeline = timeline
  }

  subscript(name: String) -> any ServicePort {
    lock.withLock {
      if let known = services[name] { return known }
      let made = StandInService(name: name, store: store, timeline: timeline)
      services[name] = made
      return made
    }
  }

  var violations: [String] { lock.withLock { services.sorted { $0.key < $1.key }.flatMap(\.value.violations) } }
}
