// A session as the detectors see it: energy, power and state of charge over time, and the moments at which something was measured.
import Core

struct SessionSignal: Sendable {
  /// The first value's time; everything else counts seconds from here.
  var start: Timestamp
  /// The distinct measuring times: the session's buckets.
  var buckets: [Double]
  /// The import register, in kWh.
  var energy: Channel
  /// Active import power, in kW.
  var power: Channel
  /// Power was computed from currents and voltages.
  var powerIsDerived = false
  /// State of charge, in percent.
  var soc: Channel
  /// Energy also flowed out of the car.
  var exports: Bool
  /// The usual distance of two values of the channel with most values.
  var interval: Double
  /// Below this, in kW, nothing is being charged.
  let idlePower: Double
  var valueCount: Int
  var reconstructedCount: Int

  /// Nil without any value.
  init?(_ values: [MeterValue]) {
    var values = values.filter { $0.value.isFinite }
    // Mostly they come in order.
    if !zip(values.dropFirst(), values).allSatisfy({ !MeterValueReader.isBefore($0, $1) }) {
      values.sort(by: MeterValueReader.isBefore)
    }
    guard let first = values.first else { return nil }
    start = first.timestamp
    var builders: [Measurand: ChannelBuilder] = [:]
    var buckets: [Double] = []
    var made = 0
    var exports = false
    for value in values {
      let time = (value.timestamp - first.timestamp).inSeconds
      if buckets.last != time { buckets.append(time) }
      if value.reconstructed { made += 1 }
      builders[value.measurand, default: ChannelBuilder()].add(value, time: time)
      if Self.exporting.contains(value.measurand), value.value > Self.exportFloor { exports = true }
    }
    self.buckets = buckets
    self.exports = exports
    valueCount = values.count
    reconstructedCount = made
    energy = builders[.energyImport]?.channel() ?? Channel()
    if energy.count < 2, let interval = builders[.energyImportInterval]?.channel(), interval.count > energy.count {
      energy = Self.register(interval)
    }
    energy = RegisterRollover.unwrapped(energy)
    soc = builders[.soc]?.channel() ?? Channel()
    power = builders[.powerImport]?.channel() ?? Channel()
    if power.count < 3, let current = builders[.currentImport], let voltage = builders[.voltage] {
      let derived = DerivedPower.channel(current: current, voltage: voltage, energy: energy)
      if derived.count > power.count {
        power = derived
        powerIsDerived = true
      }
    }
    let high = Robust.quantile(power.values.filter { $0 > 0 }, 0.8) ?? 0
    idlePower = min(max(0.1, 0.03 * high), 1)
    let main = [energy, power, soc].max { $0.count < $1.count } ?? Channel()
    interval = main.count > 1 ? main.interval : Robust.median(zip(buckets.dropFirst(), buckets).map { $0 - $1 }) ?? 0
  }

  private static let exporting: Set<Measurand> = [.powerExport, .energyExportInterval]
  /// Less than this is what a meter shows for nothing.
  private static let exportFloor = 0.05

  /// The energy of each interval, added up.
  private static func register(_ interval: Channel) -> Channel {
    var sum = 0.0
    let values = interval.values.map { value in
      sum += value
      return sum
    }
    return Channel(times: interval.times, values: values, reconstructed: interval.reconstructed)
  }

  /// The position of the last bucket at or before `time`.
  func bucket(at time: Double) -> Int {
    var low = 0
    var high = buckets.count
    while low < high {
      let middle = (low + high) / 2
      if buckets[middle] <= time { low = middle + 1 } else { high = middle }
    }
    return max(0, low - 1)
  }

  func moment(_ time: Double) -> Timestamp { start + .microseconds(Int((time * 1e6).rounded())) }
}
