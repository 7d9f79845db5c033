// One value of a meter, in the unit that its measurand is kept in.
import Core

/// A normalised meter value. Two values with the same `identity` in one session are the same measurement.
public struct MeterValue: Sendable, Hashable {
  public var timestamp: Timestamp
  /// In `unit`.
  public var value: Double
  public var measurand: Measurand
  /// `L1`, `L2-N` and so on; nil: all phases together.
  public var phase: String?
  /// `Outlet`, `Inlet`, `EV` and so on; nil: the outlet, as OCPP has it.
  public var location: String?
  /// Not measured but computed by whoever sent it.
  public var reconstructed: Bool

  public init(
    _ measurand: Measurand, _ value: Double, at timestamp: Timestamp, phase: String? = nil, location: String? = nil,
    reconstructed: Bool = false
  ) {
    self.timestamp = timestamp
    self.value = value
    self.measurand = measurand
    self.phase = phase
    self.location = location
    self.reconstructed = reconstructed
  }

  /// kWh, kW, A, V, Percent, …
  public var unit: String { measurand.unit }

  /// `measurand|phase|location|microseconds`: what makes a value one of its session's.
  public var identity: String { "\(measurand.rawValue)|\(phase ?? "")|\(location ?? "")|\(timestamp.microseconds)" }

  public static let phases: Set<String> = ["L1", "L2", "L3", "N", "L1-N", "L2-N", "L3-N", "L1-L2", "L2-L3", "L3-L1"]
  public static let locations: Set<String> = ["Body", "Cable", "EV", "Inlet", "Outlet", "Upstream"]

  /// `{timestamp, value, measurand, unit, phase?, location?, reconstructed}`.
  public var json: Value {
    var map: ObjectMap = [
      "timestamp": .string(timestamp.description), "value": Value(number: value), "measurand": .string(measurand.rawValue),
      "unit": .string(unit),
    ]
    if let phase { map["phase"] = .string(phase) }
    if let location { map["location"] = .string(location) }
    map["reconstructed"] = .bool(reconstructed)
    return .object(map)
  }

  /// Reads what `json` wrote; nil when it is no normalised value.
  public init?(json: Value) {
    guard let at = json["timestamp"].string.flatMap({ Timestamp($0) }), let value = json["value"].double, value.isFinite,
      let measurand = json["measurand"].string.flatMap({ Measurand(rawValue: $0) }),
      json["unit"].isNull || json["unit"].string == measurand.unit
    else { return nil }
    self.init(
      measurand, value, at: at, phase: json["phase"].string, location: json["location"].string,
      reconstructed: json["reconstructed"].bool ?? false)
  }
}

extension Value {
  /// An integer where the number is one, so that 11.0 is written 11.
  init(number: Double) {
    self = number == number.rounded() && abs(number) < 1e15 ? .int(Int(number)) : .double(number)
  }

  /// Rounded to so many decimals.
  init(rounded number: Double, _ decimals: Int = 3) {
    var scale = 1.0
    for _ in 0..<decimals { scale *= 10 }
    self.init(number: (number * scale).rounded() / scale)
  }
}
