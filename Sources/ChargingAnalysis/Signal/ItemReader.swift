// One meter value of a client's list: what is wrong with it, or what it says in our units.
import Core

struct ItemReader {
  let item: Value
  let pointer: String
  var problems: [Problem] = []

  init(item: Value, pointer: String) {
    self.item = item
    self.pointer = pointer
  }

  /// The value, or nil with at least one problem.
  mutating func read() -> MeterValue? {
    guard item.object != nil else {
      add("meter_value", "a meter value must be an object, not \(item.typePhrase)", "", "Write {\"timestamp\": …, \"value\": …}.")
      return nil
    }
    let at = timestamp()
    let measurand = measurand()
    let value = measurand.flatMap { number($0) }
    let phase = word("phase", MeterValue.phases)
    let location = word("location", MeterValue.locations)
    let reconstructed = item["reconstructed"]
    if !reconstructed.isNull, reconstructed.bool == nil {
      add(
        "reconstructed", "reconstructed must be true or false, not \(reconstructed.typePhrase)", "/reconstructed",
        "Write true or false.")
    }
    guard problems.isEmpty, let at, let measurand, let value else { return nil }
    return MeterValue(measurand, value, at: at, phase: phase, location: location, reconstructed: reconstructed.bool ?? false)
  }

  private mutating func timestamp() -> Timestamp? {
    guard let text = item["timestamp"].string else {
      let what = item["timestamp"].isNull ? "is missing" : "must be a text, not \(item["timestamp"].typePhrase)"
      add("timestamp", "timestamp \(what)", "/timestamp", "Write a time with its zone, such as 2026-02-27T10:00:00Z.")
      return nil
    }
    guard let at = Timestamp(text), at >= MeterValueReader.earliest else {
      add(
        "timestamp", "\"\(text.prefix(40))\" is no time with a zone since 1970", "/timestamp",
        "Write it as 2026-02-27T10:00:00Z or with an offset such as +01:00.")
      return nil
    }
    return at
  }

  private mutating func measurand() -> Measurand? {
    let given = item["measurand"]
    // OCPP: a value that names nothing is the energy register.
    if given.isNull { return .energyImport }
    guard let name = given.string else {
      add(
        "unknown_measurand", "measurand must be a text, not \(given.typePhrase)", "/measurand",
        "Write \(Measurand.energyImport.rawValue).")
      return nil
    }
    if let known = Measurand(name: name) { return known }
    let near = nearestName(to: name, among: Measurand.allCases.map(\.rawValue))
    add(
      "unknown_measurand", "the measurand \"\(name.prefix(60))\" is not known", "/measurand",
      near.map { "Did you mean \($0)?" }
        ?? "Use a name of OCPP, such as \(Measurand.energyImport.rawValue), \(Measurand.powerImport.rawValue) or SoC.")
    return nil
  }

  private mutating func number(_ measurand: Measurand) -> Double? {
    let unit = unit(measurand)
    guard let given = item["value"].double else {
      let what = item["value"].isNull ? "is missing" : "must be a number, not \(item["value"].typePhrase)"
      add("value", "value \(what)", "/value", "Write a number such as 5.5.")
      return nil
    }
    guard given.isFinite else {
      add("value", "value is no finite number", "/value", "Leave out what was not measured.")
      return nil
    }
    guard let unit else { return nil }
    let value = (given + unit.offset) / unit.divisor
    let range = measurand.quantity.range
    guard range.contains(value) else {
      let name = unit.name.isEmpty ? "" : " \(unit.name)"
      if value < range.lowerBound, range.lowerBound == 0 {
        add("negative_value", "\(measurand.rawValue) cannot be negative: \(given)\(name)", "/value", fixForNegative(measurand))
      } else {
        let bounds = "\(Value(number: range.lowerBound).plain) to \(Value(number: range.upperBound).plain) \(measurand.unit)"
        add("value_range", "\(measurand.rawValue) cannot be \(given)\(name)", "/value", "It goes from \(bounds).")
      }
      return nil
    }
    return value
  }

  private func fixForNegative(_ measurand: Measurand) -> String {
    switch measurand {
    case .energyImport, .powerImport, .currentImport, .energyImportInterval:
      "Energy that flows back is \(measurand.rawValue.replacingImport)."
    default: "Send what the meter showed."
    }
  }

  private mutating func unit(_ measurand: Measurand) -> Measurand.Quantity.Unit? {
    let given = item["unit"]
    if given.isNull { return measurand.quantity.standardUnit }
    let allowed = measurand.quantity.units.map(\.name).filter { !$0.isEmpty }
    let fix = allowed.isEmpty ? "Leave the unit out." : "Use \(allowed.joined(separator: " or "))."
    guard let name = given.string else {
      add("unknown_unit", "unit must be a text, not \(given.typePhrase)", "/unit", fix)
      return nil
    }
    if let unit = measurand.quantity.unit(name) { return unit }
    if Measurand.Quantity.knows(name) {
      add("unit_mismatch", "\(measurand.rawValue) is not measured in \(name)", "/unit", fix)
    } else {
      add("unknown_unit", "the unit \"\(name.prefix(40))\" is not known", "/unit", fix)
    }
    return nil
  }

  private mutating func word(_ name: String, _ known: Set<String>) -> String? {
    let given = item[name]
    if given.isNull { return nil }
    if let text = given.string,
      let word = known.contains(text) ? text : known.first(where: { $0.lowercased() == text.lowercased() })
    {
      return word
    }
    let shown = given.string.map { "\"\($0.prefix(40))\"" } ?? given.typePhrase
    add(name, "the \(name) \(shown) is not known", "/\(name)", "Use one of \(known.sorted().joined(separator: ", ")).")
    return nil
  }

  private mutating func add(_ code: String, _ message: String, _ member: String, _ fix: String) {
    problems.append(MeterValueReader.fault(code, message, pointer + member, fix))
  }
}

extension Value {
  /// A number as people write it.
  fileprivate var plain: String { int.map(String.init) ?? double.map { "\($0)" } ?? "" }
}

extension String {
  fileprivate var replacingImport: String {
    split(separator: ".").map { $0 == "Import" ? "Export" : String($0) }.joined(separator: ".")
  }
}
