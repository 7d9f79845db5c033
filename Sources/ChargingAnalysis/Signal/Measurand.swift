// What a meter can measure: the names of OCPP, the units each may come in, and the range that a meter can show.

/// A measured quantity by its OCPP name.
public enum Measurand: String, CaseIterable, Sendable, Hashable {
  case energyImport = "Energy.Active.Import.Register"
  case energyExport = "Energy.Active.Export.Register"
  case energyImportInterval = "Energy.Active.Import.Interval"
  case energyExportInterval = "Energy.Active.Export.Interval"
  case energyNet = "Energy.Active.Net"
  case reactiveImport = "Energy.Reactive.Import.Register"
  case reactiveExport = "Energy.Reactive.Export.Register"
  case reactiveImportInterval = "Energy.Reactive.Import.Interval"
  case reactiveExportInterval = "Energy.Reactive.Export.Interval"
  case powerImport = "Power.Active.Import"
  case powerExport = "Power.Active.Export"
  case powerOffered = "Power.Offered"
  case powerReactiveImport = "Power.Reactive.Import"
  case powerReactiveExport = "Power.Reactive.Export"
  case powerFactor = "Power.Factor"
  case currentImport = "Current.Import"
  case currentExport = "Current.Export"
  case currentOffered = "Current.Offered"
  case voltage = "Voltage"
  case frequency = "Frequency"
  case soc = "SoC"
  case temperature = "Temperature"
  case rpm = "RPM"

  /// What it is a measure of: decides units and range.
  enum Quantity: Sendable {
    case energy, reactiveEnergy, power, reactivePower, factor, current, voltage, frequency, charge, temperature, turns
  }

  var quantity: Quantity {
    switch self {
    case .energyImport, .energyExport, .energyImportInterval, .energyExportInterval, .energyNet: .energy
    case .reactiveImport, .reactiveExport, .reactiveImportInterval, .reactiveExportInterval: .reactiveEnergy
    case .powerImport, .powerExport, .powerOffered: .power
    case .powerReactiveImport, .powerReactiveExport: .reactivePower
    case .powerFactor: .factor
    case .currentImport, .currentExport, .currentOffered: .current
    case .voltage: .voltage
    case .frequency: .frequency
    case .soc: .charge
    case .temperature: .temperature
    case .rpm: .turns
    }
  }

  /// The unit that values are kept in: kWh, kW, A, V, Percent and so on; empty for a pure number.
  public var unit: String { quantity.units[0].name }

  /// By its OCPP name, in any case.
  public init?(name: String) {
    guard let known = Self(rawValue: name) ?? Self.byName[name.lowercased()] else { return nil }
    self = known
  }

  private static let byName = Dictionary(uniqueKeysWithValues: allCases.map { ($0.rawValue.lowercased(), $0) })
}

extension Measurand.Quantity {
  /// A unit and how a value in it becomes one in the first unit of its list. Dividing by 1000 rounds once; multiplying by 0.001 twice.
  struct Unit: Sendable {
    var name: String
    var divisor = 1.0
    var offset = 0.0
  }

  var units: [Unit] {
    switch self {
    case .energy: Self.energyUnits
    case .reactiveEnergy: Self.reactiveEnergyUnits
    case .power: Self.powerUnits
    case .reactivePower: Self.reactivePowerUnits
    case .factor, .turns: Self.pureUnits
    case .current: Self.currentUnits
    case .voltage: Self.voltageUnits
    case .frequency: Self.frequencyUnits
    case .charge: Self.chargeUnits
    case .temperature: Self.temperatureUnits
    }
  }

  /// The unit of a value that names none: that of OCPP.
  var standardUnit: Unit { Self.small.contains(self) ? units[1] : units[0] }

  /// What a meter can show, in the first unit.
  var range: ClosedRange<Double> {
    switch self {
    case .energy: 0...1e9
    case .reactiveEnergy, .reactivePower: -1e9...1e9
    case .power: 0...10_000
    case .factor: -1...1
    case .current: 0...20_000
    case .voltage: 0...50_000
    case .frequency: 0...1000
    case .charge: 0...100
    case .temperature: -273.15...2000
    case .turns: 0...1e6
    }
  }

  private static let small: Set<Self> = [.energy, .reactiveEnergy, .power, .reactivePower]
  private static let energyUnits = [Unit(name: "kWh"), Unit(name: "Wh", divisor: 1000)]
  private static let reactiveEnergyUnits = [Unit(name: "kvarh"), Unit(name: "varh", divisor: 1000)]
  private static let powerUnits = [Unit(name: "kW"), Unit(name: "W", divisor: 1000)]
  private static let reactivePowerUnits = [Unit(name: "kvar"), Unit(name: "var", divisor: 1000)]
  private static let pureUnits = [Unit(name: "")]
  private static let currentUnits = [Unit(name: "A")]
  private static let voltageUnits = [Unit(name: "V")]
  private static let frequencyUnits = [Unit(name: "Hz"), Unit(name: "Hertz")]
  private static let chargeUnits = [Unit(name: "Percent"), Unit(name: "%")]
  private static let temperatureUnits = [
    Unit(name: "Celsius"), Unit(name: "Celcius"), Unit(name: "K", offset: -273.15),
    Unit(name: "Fahrenheit", divisor: 1.8, offset: -32),
  ]

  /// In any case: kwh is kWh.
  func unit(_ name: String) -> Unit? {
    units.first { $0.name == name } ?? units.first { $0.name.lowercased() == name.lowercased() }
  }

  /// Whether some quantity comes in this unit.
  static func knows(_ name: String) -> Bool { all.contains { !name.isEmpty && $0.unit(name) != nil } }

  private static let all: [Self] = [
    .energy, .reactiveEnergy, .power, .reactivePower, .factor, .current, .voltage, .frequency, .charge, .temperature,
  ]
}
