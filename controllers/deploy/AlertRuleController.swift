// AlertRule: counts what Plumb records, compares, and goes from inactive over pending to firing and back.
import Core
import Kinds

public struct AlertRuleController: KindController {
  public let kind = "AlertRule"
  public init() {}

  public func observation(_ input: ReconcileInput) -> (service: String, operation: String, arguments: Value)? {
    guard !input.deleting, isEnabled(input), let source = source(input) else { return nil }
    return ("records", "aggregate", source.question(input.spec, now: input.now))
  }

  /// Silences and firings matter only while there is something to tell.
  public func needs(_ input: ReconcileInput) -> [Need] {
    let state = input.status["state"].string ?? "inactive"
    let holds = source(input)?.number(input.world).map { compare($0, input.spec) } ?? false
    guard !input.deleting, holds || state != "inactive" || input.status["silenced"] == true else { return [] }
    let own = Value.string(input.metadata.uid.description)
    var needs = [Need("silences", kind: "AlertSilence", matches: [.init(.spec, "rule", among: [own, .null])])]
    if state == "firing" {
      needs.append(
        Need(
          "firings", kind: "AlertFiring", matches: [.init(.spec, "rule", among: [own]), .init(.spec, "state", among: ["firing"])])
      )
    }
    return needs
  }

  public func decide(_ input: ReconcileInput) -> Decision {
    if input.deleting { return Decision(status: input.status, finished: true) }
    var evaluation = AlertEvaluation(input)
    guard isEnabled(input) else { return evaluation.switchedOff() }
    guard let source = source(input) else {
      let known = AlertSource.allCases.map(\.rawValue).joined(separator: ", ")
      return evaluation.stuck(
        .no, "UnknownSource", "`\(input.spec["source"]?.string ?? "")` is nothing that is recorded; use one of \(known)")
    }
    guard let value = source.number(input.world) else {
      return evaluation.stuck(.unknown, "RecordsUnavailable", "the records cannot be counted now")
    }
    return evaluation.evaluate(value, holds: compare(value, input.spec), words: source.words)
  }

  private func isEnabled(_ input: ReconcileInput) -> Bool { input.spec["enabled"]?.bool ?? true }
  private func source(_ input: ReconcileInput) -> AlertSource? {
    input.spec["source"]?.string.flatMap { AlertSource(rawValue: $0) }
  }

  private func compare(_ value: Double, _ spec: ObjectMap) -> Bool {
    let threshold = spec["threshold"]?.double ?? 0
    return switch spec["comparison"]?.string {
    case "gte", "ge": value >= threshold
    case "lt": value < threshold
    case "lte", "le": value <= threshold
    case "eq": value == threshold
    default: value > threshold
    }
  }
}
