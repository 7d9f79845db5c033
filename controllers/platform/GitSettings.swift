// What a git source asks for, as its looks and applies are told, and whether a look is due.
import Core
import Kinds

struct GitSettings {
  private let input: ReconcileInput
  let spec: ObjectMap
  let interval: Duration

  init(_ input: ReconcileInput) {
    self.input = input
    spec = input.spec
    interval = spec["interval"]?.duration ?? .seconds(300)
  }

  /// What of the settings decides how a commit is applied: when it changes, the same commit is applied again.
  var applyKey: String {
    StableHash.text([
      "url": spec["url"] ?? .null, "path": spec["path"] ?? .null, "prune": spec["prune"] ?? .null,
      "takeOver": spec["takeOver"] ?? .null,
      "tenants": spec["tenants"] ?? .null, "mode": mode, "branch": spec["branch"] ?? .null, "tag": spec["tag"] ?? .null,
    ])
  }

  /// What a look answers: all settings, the credential, and what was asked for since.
  var key: String {
    StableHash.text([
      "apply": .string(applyKey), "verify": spec["verify"] ?? .null, "limits": spec["limits"] ?? .null,
      "credential": .object(credential), "request": spec["syncRequest"] ?? .null, "confirmed": spec["confirmedCommit"] ?? .null,
      "windows": spec["syncWindows"] ?? .null, "rewrite": spec["onRewrite"] ?? .null, "applied": input.status["appliedCommit"],
      "resumed": spec["paused"] ?? .null,
    ])
  }

  var mode: Value { spec["writeBack"]?["mode"] ?? "refuse" }
  var holds: Bool { mode == "hold" }
  var applied: String? { input.status["appliedCommit"].string }

  /// Somebody asked for a sync that none has answered yet.
  var isAsked: Bool { (spec["syncRequest"] ?? .null) != input.status["handled"]["request"] && spec["syncRequest"] != nil }
  var isAskedByHand: Bool { isAsked && spec["syncRequest"]?.string?.hasPrefix("manual") == true }

  var isDue: Bool {
    if input.status["handled"]["key"].string != key { return true }
    guard let next = input.status["nextSyncAt"].timestamp else { return true }
    return input.now >= next
  }

  /// Reason and message, when nothing is to be done.
  var suspension: (String, String)? {
    if spec["suspend"] == true { return ("Suspended", "it is suspended: `suspend` is true") }
    if spec["paused"] == true {
      let name = input.metadata.name
      return (
        "Paused", "it is paused\(spec["pausedReason"]?.string.map { ": \($0)" } ?? ""); plumb resume GitSource/\(name) goes on"
      )
    }
    return nil
  }

  private var credential: ObjectMap {
    guard let uid = spec["credential"]?.string.flatMap({ UID($0) }), let found = input.related[uid]?["spec"].object else {
      return [:]
    }
    return found
  }

  /// The arguments of an apply.
  func apply(commit: String) -> Value {
    [
      "name": .string(input.metadata.name), "commit": .string(commit), "path": spec["path"] ?? ".",
      "limits": spec["limits"] ?? .null,
      "prune": spec["prune"] ?? true, "takeOver": spec["takeOver"] ?? false, "reclaim": .bool(holds),
      "confirmed": .bool(spec["confirmedCommit"]?.string == commit), "tenants": spec["tenants"] ?? [],
    ]
  }

  func look(isDue: Bool) -> Value {
    let credential = credential
    var value: Value = apply(commit: applied ?? "")
    value["commit"] = .null
    value["key"] = .string(key)
    // A look that answers new settings may have begun at any time; one on the interval must be as young as that.
    value["after"] = input.status["handled"]["key"].string == key ? input.status["nextSyncAt"] : .null
    value["due"] = .bool(isDue)
    for name in ["url", "branch", "tag", "verify"] { value[name] = spec[name] ?? .null }
    for name in ["username", "token", "sshKey", "knownHosts"] { value[name] = credential[name] ?? .null }
    value["timeout"] = .double((spec["timeout"]?.duration ?? .seconds(60)).inSeconds)
    value["applied"] = Value(applied)
    value["settled"] = .bool(applied != nil)
    value["drift"] = .bool(holds && applied != nil)
    return value
  }
}
