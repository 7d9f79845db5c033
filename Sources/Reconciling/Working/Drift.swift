// Drift: the world is not as it was made, though nobody asked for a change. Corrected, or only reported; counted either way.
import Core
import Foundation
import Kinds
import Planning
import Ports

/// How often drift was met since the start, by kind and by what became of it: few labels, whatever the number of objects.
public final class DriftTally: @unchecked Sendable {
  public struct Key: Hashable, Sendable {
    public var kind: String
    /// `corrected` or `reported`.
    public var action: String
  }
  private let lock = NSLock()
  private var stored: [Key: Int] = [:]

  public init() {}
  public var counts: [Key: Int] { lock.withLock { stored } }
  func add(_ kind: String, _ action: String) { lock.withLock { stored[Key(kind: kind, action: action), default: 0] += 1 } }
}

/// The member of a status that says what drifted: `{since, message, action}`, `action` being `correct` or `report`.
public enum DriftStatus {
  public static let member = "drift"
  public static let condition = "Drifted"
}

extension Reconciler {
  /// Lays drift over a decision: what was met is said in status and story; where it is only to be reported, nothing is done about it.
  func settleDrift(
    _ decision: Decision, _ object: StoredObject, _ kind: KindSpec, _ policy: KindSpec.Observe.OnDrift, _ now: Timestamp
  ) -> Decision {
    let before = object.status[DriftStatus.member]
    let message = decision.drift.joined(separator: "; ")
    let isNew = before["message"].string != message
    var settled = decision
    let conditions: [Condition]
    // What only tells, such as a name that no longer resolves, is told as it is.
    let holdsBack = policy == .report && !(decision.steps.isEmpty && decision.writes.isEmpty)
    if holdsBack {
      settled.status = decision.held.isNull ? object.status : decision.held
      settled.steps = []
      settled.writes = []
      settled.records = []
      settled.limits = []
      settled.events = isNew ? [("DriftSeen", message + "; it is only reported", true)] : []
      settled.lookAgain = kind.observe?.every
      let others = object.conditions.filter { $0.type != "Ready" && $0.type != DriftStatus.condition }
      conditions =
        [Condition("Ready", .no, reason: "Drifted", message: message + "; it is only reported (onDrift: report)", since: now)]
        + others
    } else {
      let fate = policy == .report ? "reported" : "corrected"
      if isNew { settled.events.insert(("DriftSeen", "\(message); it is \(fate)", true), at: 0) }
      conditions = (decision.status["conditions"].list ?? []).compactMap { Condition($0) }
    }
    let word = policy == .report ? "reported" : "corrected"
    let drifted = Condition(
      DriftStatus.condition, .yes, reason: policy == .report ? "Reported" : "Correcting", message: message, since: now)
    settled.status["conditions"] = .list(
      (conditions.filter { $0.type != DriftStatus.condition } + [drifted]).map { $0.keepingSince(from: object.conditions).value })
    settled.status[DriftStatus.member] = [
      "since": isNew || before["since"].isNull ? .string(now.description) : before["since"], "message": .string(message),
      "action": .string(policy.rawValue),
    ]
    if isNew { drift.add(object.kind, word) }
    return settled
  }

  /// A change that was asked for is on its way: that is no drift.
  static func driftCounts(_ object: StoredObject) -> Bool {
    object.deleting == nil && object.observedGeneration == object.generation
  }

  /// By uid: the object's own word, else that of a set that states it, else its kind's.
  func driftPolicies(_ objects: [(object: StoredObject, kind: KindSpec)]) async throws -> [UID: KindSpec.Observe.OnDrift] {
    var policies: [UID: KindSpec.Observe.OnDrift] = [:]
    var stated: [UID] = []
    for (object, kind) in objects {
      policies[object.uid] = kind.observe?.onDrift ?? .correct
      if let own = object.labels[DriftLabel.key].flatMap(KindSpec.Observe.OnDrift.init(rawValue:)) {
        policies[object.uid] = own
      } else if object.owners.values.contains(where: { if case .set = $0.manager { true } else { false } }) {
        stated.append(object.uid)
      }
    }
    if stated.isEmpty { return policies }
    let pauses = SetPauses(store)
    var words: [String: KindSpec.Observe.OnDrift?] = [:]
    var settled: Set<UID> = []
    for holder in try await store.sets(holding: stated) where !settled.contains(holder.uid) {
      let key = "\(holder.owner)/\(holder.set)"
      if words[key] == nil {
        words[key] = .some(
          try await pauses.onDrift(of: holder.set, owner: holder.owner).flatMap(KindSpec.Observe.OnDrift.init(rawValue:)))
      }
      guard let word = words[key] ?? nil else { continue }
      policies[holder.uid] = word
      settled.insert(holder.uid)
    }
    return policies
  }
}
