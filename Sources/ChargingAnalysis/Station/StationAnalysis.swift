// What the analysis of a station's day says, with the names that the API shows.
import Core

/// A moment at which a day left its usual course.
public struct StationMarker: Sendable, Hashable {
  /// Minutes since 00:00 UTC.
  public var startMinute: Int
  public var timestamp: Timestamp
  /// 0 to 1.
  public var score: Double
  public var json: Value {
    ["startMinute": .int(startMinute), "timestamp": .string(timestamp.description), "score": Value(rounded: score)]
  }
}

public struct StationAnalysis: Sendable {
  public enum AnomalyType: String, Sendable {
    case none
    /// Much less energy than on days like this one.
    case energyDrop = "energy_drop"
    /// Hours without any energy at a time that is never quiet.
    case outage
    /// Too few days are known: nothing was judged.
    case insufficientHistory = "insufficient_history"
  }

  /// 00:00 UTC of the day.
  public var day: Timestamp
  public var type: AnomalyType
  /// 0 to 1.
  public var dayScore: Double
  let threshold: Double
  public var actualKwh: Double
  /// Nil without enough history.
  public var expectedKwh: Double?
  /// Hours of the day without energy, of an outage.
  public var affected: Range<Int>?
  public var markers: [StationMarker]
  /// Cumulative energy of the day, from 0 at its start to the last full hour.
  public var timeline: [EnergyPoint]
  /// The usual day's hours.
  public var expected: [HourEnergy]

  public var isAnomaly: Bool { type == .energyDrop || type == .outage }
  /// Rounded, as the API shows it.
  public var anomalyScore: Double { SessionAnalyzer.rounded(dayScore) }

  /// `actual_energy_kwh`, `expected_energy_kwh`, `affected_period` (the day), `anomaly_type`; for an outage `affected_from` and `affected_to` too.
  public var detectionDetails: Value {
    var map: ObjectMap = [
      "actual_energy_kwh": Value(rounded: actualKwh, 1),
      "expected_energy_kwh": expectedKwh.map { Value(rounded: $0, 1) } ?? .null,
      "affected_period": .string(String(day.description.prefix(10))), "anomaly_type": .string(type.rawValue),
    ]
    if let affected {
      map["affected_from"] = .string(hour(affected.lowerBound))
      map["affected_to"] = .string(hour(affected.upperBound))
    }
    return .object(map)
  }

  private func hour(_ number: Int) -> String {
    Timestamp(microseconds: day.microseconds + number * StationEnergy.hour).description
  }
}
