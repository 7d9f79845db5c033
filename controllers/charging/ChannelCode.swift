// The numbers under which measurand, phase and location of a meter value are kept. Never renumbered: they stand in databases.
import ChargingAnalysis
import Core
import Ports

/// `measurand * 128 + phase * 8 + location`, each by its place in a list that only grows at its end.
enum ChannelCode {
  /// OCPP 1.6 and 2.0.1.
  static let measurands = [
    "Energy.Active.Import.Register", "Power.Active.Import", "SoC", "Current.Import", "Voltage", "Energy.Active.Export.Register",
    "Power.Active.Export", "Current.Export", "Current.Offered", "Power.Offered", "Power.Factor", "Frequency", "Temperature",
    "RPM",
    "Energy.Active.Import.Interval", "Energy.Active.Export.Interval", "Energy.Reactive.Import.Register",
    "Energy.Reactive.Export.Register", "Energy.Reactive.Import.Interval", "Energy.Reactive.Export.Interval",
    "Power.Reactive.Import",
    "Power.Reactive.Export", "Energy.Active.Net", "Energy.Reactive.Net", "Energy.Apparent.Net", "Energy.Apparent.Import",
    "Energy.Apparent.Export",
  ]
  static let phases = ["L1", "L2", "L3", "N", "L1-N", "L2-N", "L3-N", "L1-L2", "L2-L3", "L3-L1"]
  static let locations = ["Body", "Cable", "EV", "Inlet", "Outlet", "Upstream"]

  private static let known = Measurand.allCases.map { ($0, code($0.rawValue, measurands)) }
  private static let numbers = Dictionary(known.map { ($0.0, $0.1) }, uniquingKeysWith: { first, _ in first })
  private static let byCode = Dictionary(known.map { ($0.1, $0.0) }, uniquingKeysWith: { first, _ in first })

  private static func code(_ name: String, _ list: [String]) -> Int { list.firstIndex(of: name) ?? -1 }

  /// Nil for what has no number: the tests hold that every measurand, phase and location that is read has one.
  static func channel(_ value: MeterValue) -> Int? {
    guard let measurand = numbers[value.measurand], measurand >= 0 else { return nil }
    let phase = value.phase.map { code($0, phases) + 1 } ?? 0
    let location = value.location.map { code($0, locations) + 1 } ?? 0
    return measurand * 128 + phase * 8 + location
  }

  static func points(_ values: [MeterValue]) -> [SeriesPoint] {
    values.compactMap { value in
      channel(value).map { SeriesPoint(at: value.timestamp, channel: $0, value: value.value, mark: value.reconstructed) }
    }
  }

  static func values(_ points: [SeriesPoint]) -> [MeterValue] { points.compactMap(value) }

  static func value(_ point: SeriesPoint) -> MeterValue? {
    let (phase, location) = (point.channel / 8 % 16, point.channel % 8)
    guard let measurand = byCode[point.channel / 128], phase <= phases.count, location <= locations.count else { return nil }
    return MeterValue(
      measurand, point.value, at: point.at, phase: phase == 0 ? nil : phases[phase - 1],
      location: location == 0 ? nil : locations[location - 1], reconstructed: point.mark)
  }
}
