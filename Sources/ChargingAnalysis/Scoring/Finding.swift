// What a detector saw, before it is scored.
import Core
import Foundation

/// A severity of 1 is where a category's threshold lies; severities grow with the size of what was seen.
struct Finding: Sendable {
  var category: AnomalyCategory
  var severity: Double
  /// Seconds since the session's start: from the last good value before to the first good value after.
  var from: Double
  var to: Double
  /// How sure the evidence makes it, beside its size: 0 to 1.
  var certainty: Double
  /// Numbers for explanations, under the names of `Evidence`.
  var evidence: [(Evidence, Double)] = []

  /// 0.5 at a severity of 1; 1 is never reached.
  var score: Double { 1 - exp2(-min(max(severity, 0), Self.mostSevere)) }

  private static let mostSevere = 10.0
}

/// Names of the numbers that explain a finding. Units: kWh, kW, percent, minutes, as the names say.
public enum Evidence: String, Sendable, CaseIterable {
  case fallKwh, fromKwh, toKwh, expectedKwh, deliveredKwh, missingKwh, deviationPercent
  case powerKw, usualKw, limitKw
  case socFrom, socTo, socFall, socExpected
  case minutes, usualMinutes, jumpMinutes, values

  var decimals: Int {
    switch self {
    case .fallKwh, .fromKwh, .toKwh, .expectedKwh, .deliveredKwh, .missingKwh: 2
    case .powerKw, .usualKw, .limitKw, .minutes, .usualMinutes, .jumpMinutes, .socFrom, .socTo, .socFall, .socExpected: 1
    case .deviationPercent, .values: 0
    }
  }
}
