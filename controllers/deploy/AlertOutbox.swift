// Messages of an alert rule on their way to its channels: each once for each change of state, again while a channel fails.
import Core
import Kinds

/// Kept in `status.notifications` as `{pending: […], sent: […]}`.
struct AlertOutbox {
  static let mostAttempts = 6
  static let mostPending = 100
  static let mostSent = 20
  static let firstDelay: Duration = .seconds(2)
  static let mostDelay: Duration = .seconds(120)

  private let input: ReconcileInput
  private var pending: [Value]
  private var sent: [Value]
  private(set) var sequence: Int
  private(set) var nextDue: Duration?
  private var gaveUp: [String] = []

  init(_ input: ReconcileInput) {
    self.input = input
    pending = input.status["notifications"]["pending"].list ?? []
    sent = input.status["notifications"]["sent"].list ?? []
    sequence = input.status["sequence"].int ?? 0
    takeReplies()
  }

  var value: Value { ["pending": .list(pending), "sent": .list(Array(sent.suffix(Self.mostSent)))] }

  mutating func clear() { pending = [] }

  /// One message to each channel of the rule.
  mutating func add(type: String, title: String, text: String, dedupe: String, data: ObjectMap) {
    for channel in input.spec["channels"]?.list ?? [] {
      pending.append([
        "channel": channel, "type": .string(type), "title": .string(title), "text": .string(text), "data": .object(data),
        "dedupe": .string(dedupe), "at": .string(input.now.description), "attempts": 0,
      ])
    }
    if pending.count > Self.mostPending { pending.removeFirst(pending.count - Self.mostPending) }
  }

  /// Steps for what is due. What cannot be sent at all is dropped and said.
  mutating func steps(_ events: inout [(reason: String, message: String, warning: Bool)]) -> [Step] {
    for name in gaveUp { events.append(("NotificationFailed", name, true)) }
    var steps: [Step] = []
    var kept: [Value] = []
    for var entry in pending {
      if let due = entry["notBefore"].timestamp, due > input.now {
        nextDue = min(nextDue ?? due - input.now, due - input.now)
        kept.append(entry)
        continue
      }
      let uid = entry["channel"].string.flatMap { UID($0) }
      guard let channel = uid.flatMap({ input.related[$0] }) else {
        note(entry, "the channel does not exist any more")
        continue
      }
      guard channel["spec"]["enabled"].bool ?? true else {
        note(entry, "the channel is disabled")
        continue
      }
      sequence += 1
      switch message(entry).step(named: "notify-\(sequence)", to: channel["spec"]) {
      case .success(let step):
        entry["step"] = .string(step.name)
        steps.append(step)
        kept.append(entry)
      case .failure(let problem):
        note(entry, problem.message)
        events.append(("NotificationFailed", "channel \(channel["name"].string ?? "?"): \(problem.message)", true))
      }
    }
    pending = kept
    return steps
  }

  private mutating func takeReplies() {
    for reply in input.replies {
      guard let at = pending.firstIndex(where: { $0["step"].string == reply.step }) else { continue }
      let failure = WebhookRequest.failure(reply)
      let attempts = (pending[at]["attempts"].int ?? 0) + 1
      pending[at]["attempts"] = .int(attempts)
      guard let failure else {
        note(pending[at], nil)
        pending.remove(at: at)
        continue
      }
      if attempts >= Self.mostAttempts {
        note(pending[at], failure)
        gaveUp.append("a channel was not told after \(attempts) attempts: \(failure)")
        pending.remove(at: at)
      } else {
        let wait = Backoff.delay(failures: attempts, initial: Self.firstDelay, most: Self.mostDelay)
        pending[at]["notBefore"] = .string((input.now + wait).description)
      }
    }
  }

  private mutating func note(_ entry: Value, _ error: String?) {
    sent.append([
      "channel": entry["channel"], "type": entry["type"], "at": .string(input.now.description), "success": .bool(error == nil),
      "error": Value(error),
    ])
  }

  private func message(_ entry: Value) -> ChannelMessage {
    ChannelMessage(
      type: entry["type"].string ?? "alert.firing", title: entry["title"].string ?? "", text: entry["text"].string ?? "",
      severity: input.spec["severity"]?.string ?? "warning", dedupe: entry["dedupe"].string ?? "",
      data: entry["data"].object ?? ObjectMap(), at: entry["at"].timestamp ?? input.now)
  }
}
