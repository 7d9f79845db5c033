// RootDomain: ownership is shown by a TXT record that holds the domain's token.
import Core
import Kinds

public struct RootDomainController: KindController {
  static let challengePrefix = "_plumb-challenge."
  static let firstWait: Duration = .seconds(10)
  static let mostWait: Duration = .seconds(600)
  static let recheck: Duration = .seconds(86_400)
  /// A verified domain whose record is gone is asked again this often, and loses its verification after so many misses.
  static let missWait: Duration = .seconds(3600)
  static let missesToLose = 3

  public let kind = "RootDomain"
  public init() {}

  public func observation(_ input: ReconcileInput) -> (service: String, operation: String, arguments: Value)? {
    guard !input.deleting, isDue(input) else { return nil }
    return ("dns", "txt", ["name": .string(challengeName(input))])
  }

  public func decide(_ input: ReconcileInput) -> Decision {
    if input.deleting { return Decision(status: input.status, finished: true) }
    guard isDue(input) else {
      var kept = Decision(status: input.status, lookAgain: due(input).map { $0 - input.now })
      kept.drift = drift(input.status, challengeName(input))
      return kept
    }
    let token = input.spec["verificationToken"]?.string ?? ""
    let name = challengeName(input)
    var status = input.status.isNull ? ["verified": false, "checks": 0] : input.status
    var conditions = ConditionSet(input)
    var events: [(reason: String, message: String, warning: Bool)] = []
    let fresh = isNewRequest(input)
    status["challengeName"] = .string(name)
    status["checked"] = input.spec["checkRequest"] ?? .null
    status["checkedToken"] = .string(digest(token))
    status["checks"] = .int((status["checks"].int ?? 0) + 1)
    status["lastCheckedAt"] = .string(input.now.description)
    let wasVerified = status["verified"] == true
    let found = (input.world["records"].list ?? []).compactMap(\.string)
    let wait: Duration
    if !token.isEmpty, found.contains(where: { $0.trimmingSpaces == token }) {
      if !wasVerified {
        status["verifiedAt"] = .string(input.now.description)
        events.append(("Verified", "the TXT record of \(name) holds the token", false))
      }
      status["verified"] = true
      status["lostAt"] = .null
      status["lastError"] = .null
      status["misses"] = 0
      wait = Self.recheck
    } else {
      let problem = problem(input.world, name: name, found: found.count)
      let misses = fresh ? 1 : (status["misses"].int ?? 0) + 1
      status["lastError"] = .string(problem.message)
      // Only an answer counts against a verified domain; a name server that is silent says nothing of who owns it.
      status["misses"] = .int(wasVerified && !problem.definite ? status["misses"].int ?? 0 : misses)
      if wasVerified, problem.definite, misses >= Self.missesToLose {
        status["verified"] = false
        status["verifiedAt"] = .null
        status["lostAt"] = .string(input.now.description)
        events.append(("VerificationLost", problem.message, true))
      }
      wait = wasVerified ? Self.missWait : Backoff.delay(failures: misses, initial: Self.firstWait, most: Self.mostWait)
    }
    status["nextCheckAt"] = .string((input.now + wait).description)
    if status["verified"] == true {
      conditions.set("Ready", .yes, "Verified", "ownership of \(input.metadata.name) is shown")
    } else {
      let why = status["lastError"].string ?? ""
      conditions.set("Ready", .no, "WaitingForRecord", "\(why); add a TXT record \(name) with the text \(token)")
      conditions.set("Progressing", .yes, "WaitingForRecord", "it is looked up again by itself")
    }
    status["conditions"] = conditions.value
    var decision = Decision(status: status, lookAgain: wait, events: events)
    decision.drift = drift(status, name)
    return decision
  }

  /// A record that was there, and is not any more.
  private func drift(_ status: Value, _ name: String) -> [String] {
    let misses = status["misses"].int ?? 0
    guard status["verified"] == true && misses > 0 || !status["lostAt"].isNull else { return [] }
    return ["the TXT record \(name) that showed the ownership is gone"]
  }

  // MARK: Parts

  private func challengeName(_ input: ReconcileInput) -> String {
    Self.challengePrefix + (input.spec["name"]?.string ?? input.metadata.name).lowercased()
  }

  /// Tells one token from another; the token itself need not be in two places.
  private func digest(_ token: String) -> String { StableHash.text(.string(token)) }

  /// Another token or a request to check is a reason to look at once.
  private func isNewRequest(_ input: ReconcileInput) -> Bool {
    input.status["checked"] != input.spec["checkRequest"] ?? .null
      || input.status["checkedToken"].string != digest(input.spec["verificationToken"]?.string ?? "")
  }

  private func due(_ input: ReconcileInput) -> Timestamp? { input.status["nextCheckAt"].timestamp }
  private func isDue(_ input: ReconcileInput) -> Bool { isNewRequest(input) || due(input).map { $0 <= input.now } ?? true }

  private func problem(_ world: Value, name: String, found: Int) -> (message: String, definite: Bool) {
    if let code = world["error"]["code"].string {
      let definite = code == "no_such_name" || code == "no_such_record"
      return (
        definite ? "there is no TXT record \(name)" : world["error"]["message"].string ?? "the name server does not answer",
        definite
      )
    }
    if world.isNull { return ("the name server could not be asked", false) }
    return found == 0 ? ("there is no TXT record \(name)", true) : ("the TXT record \(name) does not hold the token", true)
  }
}

extension String {
  var trimmingSpaces: String {
    let inner = drop { $0 == " " || $0 == "\t" }
    return String(inner.reversed().drop { $0 == " " || $0 == "\t" }.reversed())
  }
}
