// Webhook: every change it subscribes to is delivered once or more, in the order of the feed, and again until it is taken.
import Core
import Kinds

/// Observes `feed` behind its cursor and posts what it finds. One delivery that fails holds back the ones after it; after
/// `maxFailures` failures in a row the webhook disables itself, and keeps its place.
public struct WebhookController: KindController {
  static let batch = 20
  static let firstDelay: Duration = .seconds(1)
  static let mostDelay: Duration = .seconds(60)
  /// The cursor is moved past changes of other kinds once it is this far behind.
  static let quietAdvance = 500

  public let kind = "Webhook"
  public init() {}

  public func observation(_ input: ReconcileInput) -> (service: String, operation: String, arguments: Value)? {
    guard !input.deleting, input.spec["active"]?.bool ?? true, !isDisabled(input) else { return nil }
    return (
      "feed", "after",
      [
        "position": input.status["cursor"]["position"], "since": .string(input.metadata.created.description),
        "limit": .int(Self.batch + 10),
        "events": input.spec["events"] ?? ["*"], "objectTypes": input.spec["objectTypes"] ?? [],
      ]
    )
  }

  public func decide(_ input: ReconcileInput) -> Decision {
    if input.deleting { return Decision(status: input.status, finished: true) }
    var status = input.status
    var conditions = ConditionSet(input)
    if status["cursor"].isNull { status = ["cursor": .emptyObject, "failures": 0, "disabled": false, "attempt": 0] }
    guard input.spec["active"]?.bool ?? true else {
      conditions.set(
        "Ready", .yes, "Paused", "it is paused: `active` is false; it goes on where it stopped when it is set to true")
      status["conditions"] = conditions.value
      return Decision(status: status)
    }
    if isDisabled(input) { return Decision(status: status) }
    var events: [(reason: String, message: String, warning: Bool)] = []
    if status["disabled"] == true {
      status["disabled"] = false
      status["disabledAt"] = .null
      status["failures"] = 0
      status["attempt"] = 0
      status["nextAttemptAt"] = .null
      events.append(("Enabled", "it is enabled again, and goes on where it stopped", false))
    }
    guard !input.world.isNull else {
      conditions.set("Ready", .unknown, "FeedUnavailable", "the change feed cannot be read now")
      status["conditions"] = conditions.value
      return Decision(status: status, lookAgain: .seconds(5), events: events)
    }
    let records = takeReplies(input, &status)
    if input.world["resync"] == true {
      events.append(("ChangesLost", "it was behind for longer than changes are kept; what was older is not delivered", true))
      status["cursor"]["position"] = input.world["position"]
    }
    if let limit = overLimit(input, status) {
      status["disabled"] = true
      status["disabledAt"] = .string(input.now.description)
      status["cursor"]["disabledAt"] = .int(input.metadata.generation)
      let message =
        "it disabled itself after \(limit) failed attempts in a row (\(status["lastError"].string ?? "?")); "
        + "set active to true, or change it, to go on where it stopped"
      conditions.set("Ready", .no, "Disabled", message)
      status["conditions"] = conditions.value
      events.append(("Disabled", message, true))
      return Decision(status: status, events: events, records: records)
    }
    guard let secret = input.spec["secret"]?.string, let url = input.spec["url"]?.string else {
      conditions.set("Ready", .no, "SecretMissing", "it has no signing secret; rotate its secret")
      status["conditions"] = conditions.value
      return Decision(status: status, events: events, records: records)
    }
    let failures = status["failures"].int ?? 0
    if failures > 0 {
      conditions.set(
        "Ready", .no, "Retrying",
        "\(failures) \(failures == 1 ? "attempt" : "attempts in a row") failed: \(status["lastError"].string ?? "?")")
    } else {
      conditions.set("Ready", .yes, "Delivering", "deliveries are up to date or on their way")
    }
    status["conditions"] = conditions.value
    var steps: [Step] = []
    var lookAgain: Duration?
    let open = openItems(input, &status)
    if let due = status["nextAttemptAt"].timestamp, due > input.now {
      lookAgain = due - input.now
    } else if !open.isEmpty {
      var sequence = status["cursor"]["sequence"].int ?? 0
      var sent: [Value] = []
      // After a failure one delivery is tried, before many follow.
      for item in open.prefix(failures > 0 ? 1 : Self.batch) {
        sequence += 1
        let request = WebhookRequest(webhook: input.metadata.uid, tenant: input.metadata.tenant, item: item)
        let step = request.step(
          named: "deliver-\(sequence)", url: url, secret: secret,
          previous: WebhookRequest.previous(.object(input.spec), now: input.now), now: input.now)
        steps.append(step)
        sent.append(["step": .string(step.name), "item": .string(Self.key(item))])
      }
      status["cursor"]["sequence"] = .int(sequence)
      status["cursor"]["sent"] = .list(sent)
    }
    return Decision(status: status, steps: steps, lookAgain: lookAgain, events: events, records: records)
  }

  // MARK: Parts

  /// True while it has disabled itself and nothing of it was changed since.
  private func isDisabled(_ input: ReconcileInput) -> Bool {
    input.status["disabled"] == true && input.status["cursor"]["disabledAt"].int == input.metadata.generation
  }

  private func overLimit(_ input: ReconcileInput, _ status: Value) -> Int? {
    let most = input.spec["maxFailures"]?.int ?? 10
    guard let failures = status["failures"].int, failures >= most else { return nil }
    return failures
  }

  private static func key(_ item: Value) -> String { "\(item["position"].int ?? 0)/\(item["event"].string ?? "")" }

  /// Items behind the cursor that were not delivered yet, in the order of the feed. Moves the cursor past what needs no delivery.
  private func openItems(_ input: ReconcileInput, _ status: inout Value) -> [Value] {
    let items = input.world["items"].list ?? []
    let delivered = Set((status["cursor"]["delivered"].list ?? []).compactMap(\.string))
    let open = items.filter { !delivered.contains(Self.key($0)) }
    let position = status["cursor"]["position"].int
    let seen = input.world["position"].int ?? position ?? 0
    if let first = open.first?["position"].int {
      // All before the first open item is done with; what is delivered at its own position is still remembered.
      if first - 1 > (position ?? -1) { status["cursor"]["position"] = .int(first - 1) }
      status["cursor"]["delivered"] = .list(delivered.filter { $0.hasPrefix("\(first)/") }.sorted().map(Value.string))
    } else if position == nil || !items.isEmpty || seen - (position ?? 0) > Self.quietAdvance {
      status["cursor"]["position"] = .int(max(seen, position ?? 0))
      status["cursor"]["delivered"] = []
    }
    return open
  }

  /// Notes how the deliveries of the last decision ended, and returns a record for each.
  private func takeReplies(_ input: ReconcileInput, _ status: inout Value) -> [(kind: String, row: ObjectMap)] {
    let sent = status["cursor"]["sent"].list ?? []
    guard !sent.isEmpty, !input.replies.isEmpty else { return [] }
    let items = Dictionary((input.world["items"].list ?? []).map { (Self.key($0), $0) }, uniquingKeysWith: { first, _ in first })
    var records: [(kind: String, row: ObjectMap)] = []
    for reply in input.replies {
      guard let key = sent.first(where: { $0["step"].string == reply.step })?["item"].string else { continue }
      let attempt = (status["attempt"].int ?? 0) + 1
      if let item = items[key] {
        let request = WebhookRequest(webhook: input.metadata.uid, tenant: input.metadata.tenant, item: item)
        records.append(request.record(webhook: input.metadata.uid, attempt: attempt, reply: reply))
      }
      status["lastDeliveryAt"] = .string(input.now.description)
      if reply.outcome == .done {
        status["cursor"]["delivered"] = .list((status["cursor"]["delivered"].list ?? []) + [.string(key)])
        status["failures"] = 0
        status["attempt"] = 0
        status["lastError"] = .null
        status["nextAttemptAt"] = .null
      } else {
        let failures = (status["failures"].int ?? 0) + 1
        let wait = Backoff.delay(failures: failures, initial: Self.firstDelay, most: Self.mostDelay)
        status["failures"] = .int(failures)
        status["attempt"] = .int(attempt)
        status["lastError"] = Value(WebhookRequest.failure(reply))
        status["nextAttemptAt"] = .string(
          (input.now + Backoff.jittered(wait, seed: "\(input.metadata.uid)/\(key)/\(attempt)")).description)
      }
    }
    status["cursor"]["sent"] = []
    return records
  }
}
