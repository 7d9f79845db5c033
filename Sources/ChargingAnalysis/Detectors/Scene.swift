// What the detectors share while they look at one session: the signal, and what is already explained.

struct Scene {
  var signal: SessionSignal
  let parameters: DetectorParameters
  let limits: ConnectorLimits
  var intervals: [EnergyInterval]
  /// The noise of the register itself, in kWh.
  var registerNoise: Double
  var findings: [Finding] = []
  /// Spans of time, in seconds, whose energy a finding explains: others leave it alone, so that one fault is counted once.
  private(set) var claims: [(from: Double, to: Double)] = []
  /// Those of them in which the register itself was wrong.
  private var untrue: [(from: Double, to: Double)] = []
  /// Spans in which the order of time itself is wrong.
  private(set) var disorder: [(from: Double, to: Double)] = []

  init(_ signal: SessionSignal, _ parameters: DetectorParameters, _ limits: ConnectorLimits) {
    self.signal = signal
    self.parameters = parameters
    self.limits = limits
    intervals = EnergyInterval.all(signal)
    registerNoise = 0
    registerNoise = noise(without: [])
  }

  /// - Parameter registerIsWrong: what the register counted in this time did not flow, or more did.
  mutating func claim(_ from: Double, _ to: Double, registerIsWrong: Bool = false) {
    claims.append((from, to))
    if registerIsWrong { untrue.append((from, to)) }
  }

  mutating func claimOrder(_ from: Double, _ to: Double) {
    claims.append((from, to))
    disorder.append((from, to))
  }

  /// Whether some of this span is explained.
  func isClaimed(_ from: Double, _ to: Double) -> Bool { claims.contains { $0.from < to && from < $0.to } }

  func isDisordered(_ from: Double, _ to: Double) -> Bool { disorder.contains { $0.from < to && from < $0.to } }

  /// The session with a register in which explained faults count what their surroundings do: for what follows from energy.
  var trusted: SessionSignal {
    guard !untrue.isEmpty, !intervals.isEmpty else { return signal }
    var values = [signal.energy.values[0]]
    values.reserveCapacity(intervals.count + 1)
    for interval in intervals {
      let isWrong = untrue.contains { $0.from < interval.to && interval.from < $0.to }
      values.append(values[values.count - 1] + (isWrong ? interval.localRate * interval.hours : interval.delta))
    }
    var copy = signal
    copy.energy = Channel(times: signal.energy.times, values: values, reconstructed: signal.energy.reconstructed)
    return copy
  }

  /// While nothing is charged a register that is not quite steady shows its noise alone.
  private var idleNoise: Double {
    let idle = intervals.filter { $0.high.map { $0 <= signal.idlePower } ?? ($0.localRate <= signal.idlePower) }.map {
      abs($0.delta)
    }
    guard idle.count >= 3, let usual = Robust.median(idle), usual < 0.2 else { return 0 }
    return usual / 0.954
  }

  /// What a rise differs from its neighbours by has five times the variance of a shaken register. Power that varies adds to it, so this is at most
  /// too high; the step of the display, which never makes a register fall, is taken out. Intervals in `faults` and
  /// their neighbours are left out.
  func noise(without faults: [ClosedRange<Int>]) -> Double {
    guard intervals.count >= 8 else { return 0 }
    var residuals: [Double] = []
    for i in 1..<(intervals.count - 1) where !faults.contains(where: { i >= $0.lowerBound - 2 && i <= $0.upperBound + 2 }) {
      residuals.append((intervals[i].rate - (intervals[i - 1].rate + intervals[i + 1].rate) / 2) * intervals[i].hours)
    }
    guard residuals.count >= 5 else { return 0 }
    let upper = Robust.deviation(residuals, around: 0) / 5.0.squareRoot()
    // The sides of a shaken register: a rise too large is followed by one too small.
    let spread = 3 * Robust.deviation(residuals, around: 0)
    let kept = residuals.map { min(max($0, -spread), spread) }
    var sum = 0.0
    for i in 1..<kept.count { sum += kept[i] * kept[i - 1] }
    // Of such residuals of noise neighbours have a covariance of -3.5 variances.
    let sides = max(0, -sum / Double(kept.count - 1) / 3.5).squareRoot()
    let noise = max(min(upper, sides), idleNoise)
    return noise < 0.5 * signal.energy.quantum ? 0 : noise
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
