// The kinds of anomaly that a session can show.

public enum AnomalyCategory: String, CaseIterable, Sendable, Hashable, Codable {
  /// The energy register falls.
  case kwhDecrease = "KWH_DECREASE"
  /// The energy register stands still, or is not told, while power flows.
  case energyPit = "ENERGY_PIT"
  /// Power and energy do not agree.
  case powerEnergyMismatch = "POWER_ENERGY_MISMATCH"
  /// The state of charge falls while energy is delivered.
  case socDrop = "SOC_DROP"
  /// Nothing is measured for a long time while the car charges.
  case dataGap = "DATA_GAP"
  /// Power is higher, for a moment, than the connector or the car can have.
  case powerSpike = "POWER_SPIKE"
  /// A value stays exactly the same though it should change.
  case stuckValue = "STUCK_VALUE"
  /// The meter's clock jumps.
  case clockJump = "CLOCK_JUMP"

  /// A stable number as text: `1` to `8`.
  public var id: String { String((Self.allCases.firstIndex(of: self) ?? 0) + 1) }

  public init?(id: String) {
    guard let number = Int(id), Self.allCases.indices.contains(number - 1) else { return nil }
    self = Self.allCases[number - 1]
  }

  /// A few English words.
  public var title: String {
    switch self {
    case .kwhDecrease: "Energy register falls"
    case .energyPit: "Energy pit"
    case .powerEnergyMismatch: "Power and energy disagree"
    case .socDrop: "State of charge drops"
    case .dataGap: "Data gap"
    case .powerSpike: "Power spike"
    case .stuckValue: "Stuck value"
    case .clockJump: "Clock jump"
    }
  }

  /// One English sentence.
  public var summary: String {
    switch self {
    case .kwhDecrease: "The energy register shows less than before, which a meter for billing must never do."
    case .energyPit: "The energy register stands still, or is missing, while power flows."
    case .powerEnergyMismatch: "The energy counted is not what the measured power makes in that time."
    case .socDrop: "The state of charge falls while energy is delivered to the car."
    case .dataGap: "No value arrived for a long time while the car was charging."
    case .powerSpike: "The power is, for a moment, higher than the connector or the rest of the session allows."
    case .stuckValue: "A value stays exactly the same although what it measures must have changed."
    case .clockJump: "The clock of the meter jumps: the time between two values does not fit the energy between them."
    }
  }
}
