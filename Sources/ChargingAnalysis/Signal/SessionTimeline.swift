// A session's curves side by side, for people to look at.
import Core

/// What is known of one moment. Energy in kWh as the register showed it, power in kW, charge in percent.
public struct TimelinePoint: Sendable, Hashable {
  public var timestamp: Timestamp
  public var energy: Double?
  public var power: Double?
  /// As measured.
  public var stateOfCharge: Double?
  /// As measured, or else as computed from the energy.
  public var soc: Double?

  public var json: Value {
    func number(_ value: Double?) -> Value { value.map { Value(rounded: $0) } ?? .null }
    return [
      "timestamp": .string(timestamp.description), "energy": number(energy), "stateOfCharge": number(stateOfCharge),
      "power": number(power),
      "soc": number(soc),
    ]
  }
}

public enum SessionTimeline {
  /// One point for each measuring time, in order.
  public static func points(_ values: [MeterValue], limits: ConnectorLimits = ConnectorLimits()) -> [TimelinePoint] {
    guard let signal = SessionSignal(values) else { return [] }
    func byTime(_ channel: Channel) -> [Double: Double] {
      Dictionary(zip(channel.times, channel.values)) { first, _ in first }
    }
    let energy = byTime(signal.energy)
    let power = byTime(signal.power)
    let soc = byTime(signal.soc)
    var computed: [Timestamp: Double] = [:]
    for point in SocModel(signal, limits).reconstructed(distrusted: []) ?? [] { computed[point.timestamp] = point.value }
    return signal.buckets.map { time in
      let at = signal.moment(time)
      return TimelinePoint(
        timestamp: at, energy: energy[time], power: power[time], stateOfCharge: soc[time], soc: soc[time] ?? computed[at])
    }
  }
}
