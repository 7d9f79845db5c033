// `run` of a kind: how its requests are carried to an end.
import Core
import Expressions
import Kinds

struct RunLoader {
  let file: SpecFile
  let faults: SpecFaults
  let expressions: ExpressionReader
  let scope: ExpressionScope

  /// No single call may take longer: it must end before the lease of its worker can move.
  static let longestCall: Duration = .seconds(16)

  func run(_ map: SpecMap, _ kind: KindSpec) -> KindSpec.Run? {
    guard let inner = map.map("run", keys: ["timeout", "attempts", "keep", "call", "gate", "reject"]) else {
      if kind.storage == .run, !map.has("run") { faults.add("a kind with storage run needs \"run\"", at: map.place) }
      return nil
    }
    if kind.storage != .run { faults.add("\"run\" belongs to a kind with storage run", at: inner.place) }
    if !inner.has("timeout") { faults.add("\"run\" needs \"timeout\"", at: inner.place) }
    var run = KindSpec.Run(
      timeout: inner.duration("timeout") ?? .seconds(60), attempts: inner.int("attempts", 1...100) ?? 1,
      keep: inner.duration("keep"), gate: expressions.program(inner, "gate", scope))
    run.reject = expressions.program(inner, "reject", scope)
    run.call = call(inner)
    for key in ["gate", "reject"] where inner.has(key) && !inner.has("call") {
      faults.add("\"\(key)\" needs \"call\"", at: inner.place(key), fix: "A controller waits by itself.")
    }
    if inner.has("reject"), !inner.has("gate") { faults.add("\"reject\" needs \"gate\"", at: inner.place("reject")) }
    if inner.has("call"), map.has("controller") {
      faults.add("\"call\" and \"controller\" exclude each other", at: inner.place("call"))
    }
    return run
  }

  private func call(_ map: SpecMap) -> KindSpec.RunCall? {
    guard let inner = map.map("call", keys: ["source", "op", "with", "class", "deadline"]) else { return nil }
    let source = inner.required("source", of: "\"call\"")
    let op = inner.required("op", of: "\"call\"")
    let with = inner.map("with")?.all.compactMap { m in expressions.program(m.value, in: file, scope).map { (m.key, $0) } } ?? []
    let kind =
      inner.choice("class", among: ["idempotent", "keyed", "probed", "once"]).flatMap(Step.Class.init(rawValue:)) ?? .once
    let deadline = inner.duration("deadline") ?? .seconds(10)
    if deadline > Self.longestCall { faults.add("a call takes at most 16s", at: inner.place("deadline")) }
    guard let source, let op else { return nil }
    return KindSpec.RunCall(source: source, op: op, with: with, kind: kind, deadline: deadline, place: inner.place("source"))
  }
}
