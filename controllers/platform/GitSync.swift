// One decision about a git source: what its status says, and when it is looked at next.
import Core
import Kinds

struct GitSync {
  private let input: ReconcileInput
  private let settings: GitSettings
  private var status: Value
  private var events: [(reason: String, message: String, warning: Bool)] = []

  init(_ input: ReconcileInput, _ settings: GitSettings) {
    self.input = input
    self.settings = settings
    status = input.status.isNull ? ["failures": 0, "handled": .emptyObject] : input.status
  }

  private static func short(_ commit: String?) -> String { commit.map { String($0.prefix(12)) } ?? "none" }

  // MARK: Ends of a decision

  mutating func suspended(_ reason: String, _ message: String) -> Decision {
    var conditions = kept()
    conditions.set("Ready", settings.applied == nil ? .no : .yes, reason, message + stays)
    conditions.set("Suspended", .yes, reason, message)
    return end(conditions, reason: reason, message: message, warning: false, lookAgain: nil)
  }

  mutating func waiting(for name: String) -> Decision {
    var conditions = kept()
    let message = "it waits for GitSource/\(name), which is not ready"
    conditions.set("Ready", .no, "DependencyNotReady", message)
    conditions.set("Progressing", .yes, "DependencyNotReady", message)
    return end(conditions, reason: "DependencyNotReady", message: message, warning: false, lookAgain: .seconds(30))
  }

  /// The look is on its way; what was said before still holds.
  mutating func looking() -> Decision {
    guard input.conditions.isEmpty || isHeldBack else {
      return Decision(status: status, lookAgain: GitSourceController.patience)
    }
    var conditions = ConditionSet(input)
    conditions.set("Ready", settings.applied == nil ? .no : .yes, "Fetching", "the repository is being looked at" + stays)
    conditions.set("Progressing", .yes, "Fetching", "the repository is being looked at")
    status["conditions"] = conditions.value
    return Decision(status: status, lookAgain: GitSourceController.patience)
  }

  /// It said that it waits or is suspended, and is no longer.
  private var isHeldBack: Bool {
    input.conditions.contains { ($0.type == "Suspended" || $0.reason == "DependencyNotReady") && $0.truth == .yes }
  }

  mutating func resting() -> Decision {
    var conditions = ConditionSet(input)
    for condition in input.conditions where condition.type != "Drifted" {
      conditions.set(condition.type, condition.truth, condition.reason, condition.message)
    }
    drift(&conditions)
    status["conditions"] = conditions.value
    return Decision(status: status, lookAgain: untilNext)
  }

  private var untilNext: Duration? { status["nextSyncAt"].timestamp.map { max($0 - input.now, .milliseconds(10)) } }

  /// A commit was seen that may be trusted.
  mutating func found(_ look: Value) -> Decision {
    guard let commit = look["commit"].string else {
      return failed(["reason": "GitFailed", "message": "The look found nothing."], commit: nil)
    }
    status["observedCommit"] = .string(commit)
    let isConfirmed = settings.spec["confirmedCommit"]?.string == commit
    if look["rewritten"] == true, settings.spec["onRewrite"]?.string != "follow", !isConfirmed, settings.applied != nil {
      let message =
        "history was rewritten: \(Self.short(commit)) does not come after \(Self.short(settings.applied)), which was applied; "
        + "plumb sync \(input.metadata.name) --confirm \(commit) goes on with it"
      return failed(["reason": "HistoryRewritten", "message": .string(message), "attention": true], commit: commit)
    }
    let windows = GitWindows(settings.spec["syncWindows"] ?? .null)
    let isApplied = commit == settings.applied && status["handled"]["apply"].string == settings.applyKey
    if isApplied, look["settled"] == true { return upToDate(commit, look) }
    if !windows.isOpen(at: input.now, isManual: settings.isAskedByHand) { return outsideWindow(commit, windows) }
    let number = (status["handled"]["sequence"].int ?? 0) + 1
    status["handled"]["sequence"] = .int(number)
    status["handled"]["pending"] = [
      "commit": .string(commit), "key": .string(settings.key), "apply": .string(settings.applyKey),
      "request": settings.spec["syncRequest"] ?? .null, "signedBy": look["signedBy"],
    ]
    let step = Step(
      name: "apply-\(number)", service: "git", operation: "apply", arguments: settings.apply(commit: commit), kind: .idempotent,
      deadline: .seconds(16))
    if input.conditions.isEmpty || settings.applied == nil {
      var conditions = ConditionSet(input)
      conditions.set("Ready", .no, "Applying", "commit \(Self.short(commit)) is being applied")
      conditions.set("Progressing", .yes, "Applying", "commit \(Self.short(commit)) is being applied")
      status["conditions"] = conditions.value
    }
    return Decision(status: status, steps: [step])
  }

  /// How the apply ended.
  mutating func take(_ reply: StepReply) -> Decision {
    let pending = status["handled"]["pending"]
    status["handled"]["pending"] = .null
    let commit = pending["commit"].string
    guard reply.outcome == .done else {
      if let errors = reply.value["errors"].list {
        return broken(errors, total: reply.value["total"].int ?? errors.count, commit, reply.value)
      }
      let error = reply.value["error"]
      // A copy that another replica does not have yet is fetched there at once.
      if error["reason"] == "CommitMissing" { return Decision(status: status, lookAgain: .milliseconds(100)) }
      return failed(error["reason"].isNull ? ["reason": "ApplyFailed", "message": error["message"]] : error, commit: commit)
    }
    let changed = ["created", "updated", "deleted"].contains { reply.value[$0].int ?? 0 > 0 }
    status["handled"]["apply"] = pending["apply"]
    status["objects"] = reply.value["objects"]
    if commit != settings.applied || changed {
      status["counts"] = [
        "created": reply.value["created"], "updated": reply.value["updated"], "deleted": reply.value["deleted"],
      ]
      status["appliedAt"] = .string(input.now.description)
      status["appliedCommit"] = Value(commit)
      let counts = ["created", "updated", "deleted"].compactMap { word in
        reply.value[word].int.flatMap { $0 > 0 ? "\($0) \(word)" : nil }
      }
      events.append(
        (
          "Synced", "commit \(Self.short(commit)): \(counts.isEmpty ? "nothing to change" : counts.joined(separator: ", "))",
          false
        ))
    }
    return upToDate(commit ?? "", ["signedBy": pending["signedBy"]])
  }

  private mutating func upToDate(_ commit: String, _ look: Value) -> Decision {
    status["signedBy"] = look["signedBy"]
    status["errors"] = []
    status["failures"] = 0
    var conditions = ConditionSet(input)
    let count = status["objects"].int ?? 0
    let objects = count == 1 ? "1 object" : "\(count) objects"
    conditions.set("Ready", .yes, "Applied", "commit \(Self.short(commit)) is in force, with \(objects)")
    conditions.set("Synced", .yes, "UpToDate", "what is in force is what is in git")
    conditions.set("Stalled", .no, "Working", "nothing holds it up")
    if settings.spec["verify"] != nil {
      conditions.set("Verified", .yes, "SignatureGood", "signed by \(look["signedBy"].string ?? "a trusted key")")
    }
    drift(&conditions)
    finish(next: settings.interval)
    status["conditions"] = conditions.value
    return Decision(status: status, lookAgain: untilNext, events: events)
  }

  private mutating func outsideWindow(_ commit: String, _ windows: GitWindows) -> Decision {
    var conditions = kept()
    let opens = windows.nextOpening(after: input.now)
    let message = "commit \(Self.short(commit)) waits for a sync window\(opens.map { ", which opens at \($0)" } ?? "")"
    conditions.set("Ready", settings.applied == nil ? .no : .yes, "OutsideWindow", message + stays)
    conditions.set("Synced", .no, "OutsideWindow", message)
    conditions.set("Progressing", .yes, "OutsideWindow", message)
    status["failures"] = 0
    finish(next: opens.map { min($0 - input.now, settings.interval) } ?? settings.interval, answers: false)
    return end(conditions, reason: "OutsideWindow", message: message, warning: false, lookAgain: untilNext)
  }

  /// The manifests of a commit cannot be applied: every fault is told, as far as a status holds them.
  private mutating func broken(_ errors: [Value], total: Int, _ commit: String?, _ value: Value) -> Decision {
    status["errors"] = .list(Array(errors.prefix(GitSourceController.mostErrors)))
    let first = errors.first ?? .null
    let codes = Set(errors.compactMap { $0["code"].string })
    let reason =
      codes.contains("many_deletions")
      ? "DeletionsNeedConfirmation"
      : codes.contains("empty") || codes.contains("empty_source")
        ? "SourceEmpty"
        : codes.contains("ownership") ? "FieldConflict" : value["category"] == "unavailable" ? "Unavailable" : "ManifestsInvalid"
    var message = Self.sentence(first)
    if reason == "DeletionsNeedConfirmation" {
      message =
        "\(first["message"].string ?? "many objects would be deleted"); if that is meant: plumb sync \(input.metadata.name) --confirm "
        + (commit ?? "")
    } else if total > 1 {
      message += " (and \(total - 1) more faults)"
    }
    return failed(
      ["reason": .string(reason), "message": .string(message), "attention": .bool(reason != "Unavailable")], commit: commit,
      errors: errors)
  }

  private static func sentence(_ error: Value) -> String {
    var text = error["message"].string ?? "it cannot be applied"
    if let object = error["object"].string { text = "\(object): \(text)" }
    if let file = error["file"].string { text = "\(file):\(error["line"].int ?? 0): \(text)" }
    return text
  }

  mutating func failed(_ error: Value, commit: String?, errors: [Value] = []) -> Decision {
    let reason = error["reason"].string ?? "GitFailed"
    let needsAttention = error["attention"] == true
    let failures = (status["failures"].int ?? 0) + 1
    if errors.isEmpty { status["errors"] = [] }
    status["failures"] = .int(failures)
    var message = error["message"].string ?? "the sync failed"
    if message.hasSuffix("."), !stays.isEmpty { message.removeLast() }
    message += stays
    var conditions = ConditionSet(input)
    conditions.set("Ready", .no, reason, message)
    conditions.set("Synced", .no, reason, message)
    conditions.set("Stalled", needsAttention ? .yes : .no, reason, needsAttention ? message : "it is tried again")
    if reason == "SignatureInvalid" {
      conditions.set("Verified", .no, reason, message)
    } else if let verified = input.conditions.first(where: { $0.type == "Verified" }), settings.spec["verify"] != nil {
      conditions.set("Verified", verified.truth, verified.reason, verified.message)
    }
    drift(&conditions)
    let isNews = input.conditions.first { $0.type == "Ready" }?.message != message
    if isNews {
      events.append((reason, message, true))
      for error in errors.dropFirst().prefix(9) { events.append((reason, Self.sentence(error), true)) }
    }
    let retry = Backoff.jittered(
      Backoff.delay(failures: failures, initial: GitSourceController.firstRetry, most: GitSourceController.mostRetry),
      seed: "\(input.metadata.uid)/\(failures)")
    finish(next: needsAttention ? settings.interval : min(retry, max(settings.interval, GitSourceController.firstRetry)))
    status["conditions"] = conditions.value
    return Decision(status: status, lookAgain: untilNext, events: events)
  }

  // MARK: Parts

  private var stays: String { settings.applied.map { "; commit \(Self.short($0)) stays in force" } ?? "" }

  /// The conditions that do not speak of the present.
  private func kept() -> ConditionSet {
    var conditions = ConditionSet(input)
    for condition in input.conditions where ["Synced", "Stalled", "Verified", "Drifted"].contains(condition.type) {
      conditions.set(condition.type, condition.truth, condition.reason, condition.message)
    }
    return conditions
  }

  private mutating func drift(_ conditions: inout ConditionSet) {
    guard settings.holds, let found = input.world["drift"].list else {
      if !settings.holds { status["drift"] = [] }
      return
    }
    status["drift"] = .list(found)
    conditions.set(
      "Drifted", found.isEmpty ? .no : .yes, found.isEmpty ? "AsInGit" : "HeldChanges",
      found.isEmpty ? "every field is as in git" : "\(found.count) fields differ from git until the next sync")
  }

  /// A look was answered: the next one is due then.
  private mutating func finish(next: Duration, answers: Bool = true) {
    status["checkedAt"] = .string(input.now.description)
    // The key is that of the next decision, which knows what is in force now.
    var after = input
    after.status = status
    status["handled"]["key"] = .string(GitSettings(after).key)
    if answers { status["handled"]["request"] = settings.spec["syncRequest"] ?? .null }
    let spread = Duration.microseconds(next.microseconds / 2000 * Int(input.metadata.uid.low % 100) / 10)
    status["nextSyncAt"] = .string((input.now + max(next - spread, .milliseconds(500))).description)
  }

  private mutating func end(
    _ conditions: ConditionSet, reason: String, message: String, warning: Bool, lookAgain: Duration?
  ) -> Decision {
    if input.conditions.first(where: { $0.type == "Ready" })?.reason != reason { events.append((reason, message, warning)) }
    status["conditions"] = conditions.value
    return Decision(status: status, lookAgain: lookAgain, events: events)
  }
}
