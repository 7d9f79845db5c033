// Meter values as clients send them: units, zones, order, duplicates, and every fault at its place.
import Core
import XCTest

@testable import ChargingAnalysis

final class MeterValueReaderTests: XCTestCase {
  private func item(_ value: Value, _ measurand: Value = nil, _ unit: Value = nil, at: Value = "2026-02-27T10:00:00Z") -> Value {
    ["timestamp": at, "value": value, "measurand": measurand, "unit": unit]
  }

  private func codes(_ items: [Value]) -> [String] {
    MeterValueReader.read(.list(items)).problems.map { "\($0.pointer ?? "") \($0.code)" }
  }

  func testUnitsBecomeOne() {
    let energy = Measurand.energyImport.rawValue
    let cases: [(Value, Value, Double, String)] = [
      (item(5500, .string(energy), "Wh"), "Wh", 5.5, "kWh"), (item(5.5, .string(energy), "kWh"), "kWh", 5.5, "kWh"),
      (item(5500), "none: the register in Wh", 5.5, "kWh"), (item(22_000, "Power.Active.Import", "W"), "W", 22, "kW"),
      (item(22, "Power.Active.Import", "kW"), "kW", 22, "kW"), (item(55, "SoC", "Percent"), "Percent", 55, "Percent"),
      (item(55, "soc", "%"), "other case", 55, "Percent"), (item(32, "Current.Import", "A"), "A", 32, "A"),
      (item(50, "Temperature", "Fahrenheit"), "Fahrenheit", 10, "Celsius"),
      (item(283.15, "Temperature", "K"), "K", 10, "Celsius"),
    ]
    for (given, name, value, unit) in cases {
      let (values, problems) = MeterValueReader.read([given])
      XCTAssertEqual(problems.map(\.code), [], "\(name)")
      XCTAssertEqual(values.first?.value ?? .nan, value, accuracy: 1e-9, "\(name)")
      XCTAssertEqual(values.first?.unit, unit)
    }
  }

  func testEachFaultHasItsPlace() {
    XCTAssertEqual(
      codes([
        item(1), item(1, "Energy", "kWh"), item(1, nil, "bananas"), item(1, "SoC", "kWh"), item(-1, nil, "kWh"), item(101, "SoC"),
        item("5"),
        item(.double(.nan)), item(1, at: "2026-02-27T10:00:00"), item(1, at: nil), 7, item(nil),
        item(20_000_000, "Power.Active.Import", "kW"),
        ["timestamp": "2026-02-27T10:00:00Z", "value": 1, "phase": "L9", "location": "Moon", "reconstructed": "yes"],
      ]),
      [
        "/meterValues/1/measurand unknown_measurand", "/meterValues/2/unit unknown_unit", "/meterValues/3/unit unit_mismatch",
        "/meterValues/4/value negative_value", "/meterValues/5/value value_range", "/meterValues/6/value value",
        "/meterValues/7/value value",
        "/meterValues/8/timestamp timestamp", "/meterValues/9/timestamp timestamp", "/meterValues/10 meter_value",
        "/meterValues/11/value value",
        "/meterValues/12/value value_range", "/meterValues/13/phase phase", "/meterValues/13/location location",
        "/meterValues/13/reconstructed reconstructed",
      ])
  }

  func testListsHaveALimitAndAType() {
    let many = Value.list(Array(repeating: item(1), count: MeterValueReader.listLimit + 1))
    XCTAssertEqual(MeterValueReader.read(many).problems.map(\.category), [.tooLarge])
    XCTAssertEqual(MeterValueReader.read("none").problems.map(\.pointer), ["/meterValues"])
    XCTAssert(MeterValueReader.read(nil).values.isEmpty)
    let wrong = Value.list(Array(repeating: 1, count: MeterValueReader.problemLimit + 5))
    XCTAssertEqual(MeterValueReader.read(wrong).problems.count, MeterValueReader.problemLimit)
  }

  func testZonesOrderAndDuplicates() {
    let list: Value = [
      item(300, at: "2026-02-27T11:30:00+01:00"), item(100, at: "2026-02-27T10:00:00Z"),
      item(200, at: "2026-02-27T10:15:00.000Z"),
      item(250, at: "2026-02-27T05:15:00-05:00"), item(60, "SoC", at: "2026-02-27T10:00:00Z"),
    ]
    let (values, problems) = MeterValueReader.read(list)
    XCTAssert(problems.isEmpty)
    XCTAssertEqual(
      values.map { "\($0.timestamp) \($0.measurand.rawValue == "SoC" ? "soc" : "kWh") \($0.value)" },
      [
        "2026-02-27T10:00:00Z kWh 0.1", "2026-02-27T10:00:00Z soc 60.0", "2026-02-27T10:15:00Z kWh 0.25",
        "2026-02-27T10:30:00Z kWh 0.3",
      ], "the later of two values of one measurement counts")
    let more = MeterValueReader.read([item(999, at: "2026-02-27T10:15:00Z")]).values
    let merged = MeterValueReader.merge(values, more)
    XCTAssertEqual(merged.count, 4)
    XCTAssertEqual(merged[2].value, 0.999)
    XCTAssertNotEqual(MeterValueReader.fingerprint(values), MeterValueReader.fingerprint(merged))
    XCTAssertEqual(MeterValueReader.fingerprint(values), MeterValueReader.fingerprint(values.reversed()))
    XCTAssertEqual(MeterValueReader.merge(values, values), values)
  }

  func testPhasesAndLocationsAreOtherMeasurements() {
    func phased(_ phase: Value, _ location: Value = nil) -> Value {
      [
        "timestamp": "2026-02-27T10:00:00Z", "value": 1, "measurand": "Power.Active.Import", "unit": "kW", "phase": phase,
        "location": location,
      ]
    }
    let values = MeterValueReader.read([phased("L1"), phased("L2"), phased("l3"), phased(nil), phased(nil, "inlet")]).values
    XCTAssertEqual(values.count, 5)
    XCTAssertEqual(Set(values.map(\.identity)).count, 5)
    for value in values { XCTAssertEqual(MeterValue(json: value.json), value) }
    XCTAssertNil(MeterValue(json: ["value": 1]))
  }
}
