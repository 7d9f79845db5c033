// From meter values by phase and location to one channel for a quantity.
import Core

/// Collects the values of one measurand. Of several locations the one with most values is taken; phases are added where no value for all
/// phases together is known.
struct ChannelBuilder {
  private struct Entry {
    var time: Double
    var value: Double
    var reconstructed: Bool
    /// 0: all phases; 1 to 3.
    var phase: Int
  }

  private var byLocation: [String: [Entry]] = [:]

  mutating func add(_ value: MeterValue, time: Double) {
    guard let phase = Self.phase(value.phase) else { return }
    // OCPP: a value without a location was measured at the outlet.
    byLocation[value.location ?? "Outlet", default: []].append(
      Entry(time: time, value: value.value, reconstructed: value.reconstructed, phase: phase))
  }

  /// All phases 0, L1 or L1-N 1, …; nil for the neutral conductor and voltages between phases.
  private static func phase(_ name: String?) -> Int? {
    switch name {
    case nil: 0
    case "L1", "L1-N": 1
    case "L2", "L2-N": 2
    case "L3", "L3-N": 3
    default: nil
    }
  }

  private static let preference = ["Outlet", "Cable", "EV", "Inlet", "Body", "Upstream"]

  private var chosen: [Entry] {
    let best = byLocation.max { a, b in
      if a.value.count != b.value.count { return a.value.count < b.value.count }
      return (Self.preference.firstIndex(of: a.key) ?? 9) > (Self.preference.firstIndex(of: b.key) ?? 9)
    }
    return best?.value ?? []
  }

  /// The sum over phases, or the value for all of them.
  func channel() -> Channel {
    let entries = chosen
    let whole = entries.filter { $0.phase == 0 }
    let phases = Set(entries.lazy.filter { $0.phase > 0 }.map(\.phase))
    guard !phases.isEmpty, whole.count * 2 < entries.count / phases.count else { return Self.channel(whole) }
    return Self.channel(Self.sums(entries.filter { $0.phase > 0 }, phases: phases.count))
  }

  /// One channel for each phase, 0 for all phases together.
  func phaseChannels() -> [Int: Channel] {
    Dictionary(grouping: chosen, by: \.phase).mapValues { Self.channel($0) }
  }

  /// Moments at which every phase was measured, with the sum.
  private static func sums(_ entries: [Entry], phases: Int) -> [Entry] {
    var at: [Double: (sum: Double, count: Int, reconstructed: Bool)] = [:]
    for entry in entries {
      let sofar = at[entry.time] ?? (0, 0, false)
      at[entry.time] = (sofar.sum + entry.value, sofar.count + 1, sofar.reconstructed || entry.reconstructed)
    }
    return at.filter { $0.value.count == phases }.sorted { $0.key < $1.key }.map {
      Entry(time: $0.key, value: $0.value.sum, reconstructed: $0.value.reconstructed, phase: 0)
    }
  }

  private static func channel(_ entries: [Entry]) -> Channel {
    var kept: [Entry] = []
    kept.reserveCapacity(entries.count)
    // The outlet may be named or not: of two at one moment one counts.
    for entry in entries where kept.last?.time != entry.time { kept.append(entry) }
    return Channel(times: kept.map(\.time), values: kept.map(\.value), reconstructed: kept.map(\.reconstructed))
  }
}
