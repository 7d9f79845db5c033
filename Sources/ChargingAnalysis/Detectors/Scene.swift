// What the detectors share while they look at one session: the signal, and what is already explained.

struct Scene {
  var signal: SessionSignal
  let parameters: DetectorParameters
  let limits: ConnectorLimits
  var intervals: [EnergyInterval]
  /// The noise of the register itself, in kWh.
  let registerNoise: Double
  var findings: [Finding] = []
  /// Spans of time, in seconds, that a finding explains: others leave them alone, so that one fault is counted once.
  private(set) var claims: [(from: Double, to: Double)] = []

  init(_ signal: SessionSignal, _ parameters: DetectorParameters, _ limits: ConnectorLimits) {
    self.signal = signal
    self.parameters = parameters
    self.limits = limits
    intervals = EnergyInterval.all(signal)
    registerNoise = Self.registerNoise(intervals)
  }

  mutating func claim(_ from: Double, _ to: Double) { claims.append((from, to)) }

  /// Whether some of this span is explained.
  func isClaimed(_ from: Double, _ to: Double) -> Bool { claims.contains { $0.from < to && from < $0.to } }

  /// The sides of a shaken register: an increment too large is followed by one too small. Noise of the power does not do that.
  private static func registerNoise(_ intervals: [EnergyInterval]) -> Double {
    guard intervals.count >= 8 else { return 0 }
    let residuals = intervals.map { $0.delta - $0.localRate * $0.hours }
    let spread = 3 * Robust.deviation(residuals, around: 0)
    guard spread > 0 else { return 0 }
    let kept = residuals.map { min(max($0, -spread), spread) }
    var sum = 0.0
    for i in 1..<kept.count { sum += kept[i] * kept[i - 1] }
    return max(0, -sum / Double(kept.count - 1)).squareRoot()
  }
}

/// What the connector and the car can do at most. Nil: not known.
public struct ConnectorLimits: Sendable, Hashable {
  public var maxPowerKw: Double?
  public var maxCurrentA: Double?
  public var maxVoltageV: Double?
  /// 1 or 3 for alternating current.
  public var phases: Int?
  /// The car's usable battery.
  public var batteryKwh: Double?

  public init(
    maxPowerKw: Double? = nil, maxCurrentA: Double? = nil, maxVoltageV: Double? = nil, phases: Int? = nil,
    batteryKwh: Double? = nil
  ) {
    self.maxPowerKw = maxPowerKw
    self.maxCurrentA = maxCurrentA
    self.maxVoltageV = maxVoltageV
    self.phases = phases
    self.batteryKwh = batteryKwh
  }

  /// In kW, from the power itself or from current, voltage (between conductor and neutral for alternating current) and phases.
  public var power: Double? {
    if let maxPowerKw, maxPowerKw > 0 { return maxPowerKw }
    guard let maxCurrentA, let maxVoltageV, maxCurrentA > 0, maxVoltageV > 0 else { return nil }
    return maxCurrentA * maxVoltageV * Double(max(phases ?? 1, 1)) / 1000
  }
}
