// Sentences of one language filled with one session's facts.
import Core

struct Writer {
  let facts: SessionFacts
  let language: ExplanationLanguage
  private let phrases: [Phrase: String]

  init(facts: SessionFacts, language: ExplanationLanguage) {
    self.facts = facts
    self.language = language
    phrases = language.phrases
  }

  // MARK: Sentences

  var headline: String {
    let values = ["score": language.number(Double(facts.score)), "confidence": language.number(Double(facts.confidence))]
    return facts.anomalies.isEmpty ? text(.none, values) : counted(.found, facts.anomalies.count, values)
  }

  var session: String {
    var parts: [String] = []
    let span = ["start": moment(facts.start), "end": moment(facts.end), "duration": language.number(facts.duration)]
    if let energy = facts.energyKwh {
      parts.append(text(.session, span.merging(["energy": language.number(energy)]) { a, _ in a }))
    } else {
      parts.append(text(.sessionWithoutEnergy, span))
    }
    if let peak = peak { parts.append(peak) }
    if let charge = charge { parts.append(charge) }
    return parts.joined(separator: " ")
  }

  private var peak: String? { facts.peakPowerKw.map { text(.peak, ["peak": language.number($0)]) } }

  private var charge: String? {
    guard let from = facts.socStart, let to = facts.socEnd else { return nil }
    return text(.charge, ["from": language.number(from), "to": language.number(to)])
  }

  private var battery: String? { facts.batteryKwh.map { text(.battery, ["battery": language.number($0)]) } }

  var recurring: String {
    let names = facts.recurring.map { text($0.namePhrase) }
    let list =
      names.count < 2 ? names.joined() : names.dropLast().joined(separator: ", ") + " \(text(.and)) " + names[names.count - 1]
    return text(.recurring, ["names": list])
  }

  var advice: String { facts.anomalies.first.map { text($0.category.advicePhrase) } ?? text(.adviceNone) }

  func say(_ anomaly: SessionFacts.AnomalyFact) -> String {
    var values = ["start": moment(anomaly.start), "end": moment(anomaly.end)]
    for (name, number) in anomaly.evidence { values[name.rawValue] = language.number(abs(number)) }
    return text(phrase(anomaly), values)
  }

  private func phrase(_ anomaly: SessionFacts.AnomalyFact) -> Phrase {
    let has = { (name: Evidence) in anomaly.evidence[name] != nil }
    return switch anomaly.category {
    case .kwhDecrease: .sayFall
    case .energyPit: has(.deliveredKwh) ? .sayPit : .sayPitUntold
    case .powerEnergyMismatch: .sayMismatch
    case .socDrop: has(.deliveredKwh) ? .sayChargeEnergy : .sayCharge
    case .dataGap: .sayGap
    case .powerSpike: has(.limitKw) ? .saySpikeLimit : .saySpike
    case .stuckValue: has(.socExpected) ? .sayStuckCharge : .sayStuckPower
    case .clockJump: (anomaly.evidence[.jumpMinutes] ?? 0) < 0 ? .sayClockBack : .sayClockForward
    }
  }

  // MARK: Answers

  func answer(_ topic: Topic) -> [String] {
    let about = facts.anomalies.filter { topic.categories.contains($0.category) && isAbout($0, topic) }.map(say)
    func with(_ figures: [String?], nothing: Phrase) -> [String] {
      figures.compactMap { $0 } + (about.isEmpty ? [text(nothing)] : about)
    }
    switch topic {
    case .charge: return facts.socStart == nil ? [text(.chargeUnknown)] : with([charge], nothing: .nothingOfCharge)
    case .energy: return facts.energyKwh == nil ? [text(.energyUnknown)] : with([session], nothing: .nothingOfEnergy)
    case .power: return facts.peakPowerKw == nil ? [text(.powerUnknown)] : with([peak], nothing: .nothingOfPower)
    case .time: return with([session], nothing: .nothingOfTime)
    case .recurrence: return [headline, facts.recurring.isEmpty ? text(.notRecurring) : recurring]
    case .advice: return facts.anomalies.isEmpty ? [headline, advice] : facts.anomalies.prefix(1).map(say) + [advice]
    case .score:
      return [
        text(.score, ["score": language.number(Double(facts.score)), "confidence": language.number(Double(facts.confidence))])
      ] + about
    case .battery: return battery.map { [$0] } ?? [facts.socStart == nil ? text(.chargeUnknown) : charge ?? ""]
    case .anomalies: return [headline] + about
    }
  }

  /// A stuck value is power or charge, not both.
  private func isAbout(_ anomaly: SessionFacts.AnomalyFact, _ topic: Topic) -> Bool {
    guard anomaly.category == .stuckValue else { return true }
    let isCharge = anomaly.evidence[.socExpected] != nil
    return topic == .charge ? isCharge : topic == .power ? !isCharge : true
  }

  // MARK: Filling

  func counted(_ phrase: Phrase, _ count: Int, _ values: [String: String] = [:]) -> String {
    let forms = (phrases[phrase] ?? "").split(separator: "|").map(String.init)
    let form = language.isSingular(count) ? forms.first : forms.last
    return Self.fill(form ?? "", values.merging(["count": language.number(Double(count))]) { a, _ in a })
  }

  func text(_ phrase: Phrase, _ values: [String: String] = [:]) -> String { Self.fill(phrases[phrase] ?? "", values) }

  /// `2026-02-27 10:15 UTC`.
  private func moment(_ at: Timestamp) -> String {
    let text = at.description
    return "\(text.prefix(10)) \(text.dropFirst(11).prefix(5)) UTC"
  }

  static func fill(_ template: String, _ values: [String: String]) -> String {
    var out = ""
    var rest = template[...]
    while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
      out += rest[..<open]
      out += values[String(rest[rest.index(after: open)..<close])] ?? ""
      rest = rest[rest.index(after: close)...]
    }
    return out + rest
  }
}
