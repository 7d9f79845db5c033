// Meter values as clients send them: checked, normalised, put in order, every fault with its place.
import Core

public enum MeterValueReader {
  /// Values in one list.
  public static let listLimit = 50_000
  /// Faults that are told of one list.
  public static let problemLimit = 100
  /// Further into the future or past, a sum over a session would have no meaning.
  static let earliest = Timestamp(seconds: 0)

  /// Reads a body's `meterValues`; null is an empty list. Values come back sorted by time; of two that are the same measurement the later in
  /// the list counts. Each problem points at its member, such as `/meterValues/3/unit`; good values are returned beside them.
  public static func read(_ list: Value, at pointer: String = "/meterValues") -> (values: [MeterValue], problems: [Problem]) {
    if list.isNull { return ([], []) }
    guard let items = list.list else {
      return (
        [], [fault("meter_values", "meterValues must be a list, not \(list.typePhrase)", pointer, "Send a list of meter values.")]
      )
    }
    guard items.count <= listLimit else {
      let problem = Problem(
        .tooLarge, code: "meter_values_limit",
        "\(items.count) meter values are more than the \(listLimit) that one request may hold",
        pointer: pointer, fix: "Send them in several requests: PATCH appends.")
      return ([], [problem])
    }
    var values: [MeterValue] = []
    values.reserveCapacity(items.count)
    var problems: [Problem] = []
    for (at, item) in items.enumerated() {
      var item = ItemReader(item: item, pointer: "\(pointer)/\(at)")
      if let value = item.read() { values.append(value) }
      problems += item.problems
      if problems.count >= problemLimit {
        problems = Array(problems.prefix(problemLimit))
        break
      }
    }
    return (merge([], values), problems)
  }

  /// Both, sorted by time; a new value replaces a known one that is the same measurement.
  public static func merge(_ known: [MeterValue], _ new: [MeterValue]) -> [MeterValue] {
    var places: [Identity: Int] = [:]
    var merged: [MeterValue] = []
    merged.reserveCapacity(known.count + new.count)
    for value in [known, new].joined() {
      if let place = places.updateValue(merged.count, forKey: Identity(value)) {
        places[Identity(value)] = place
        merged[place] = value
      } else {
        merged.append(value)
      }
    }
    return merged.sorted(by: isBefore)
  }

  /// The same for the same values in any order, and another for any others: what an analysis was made from.
  public static func fingerprint(_ values: [MeterValue]) -> String {
    var hash = StableHash()
    for value in values.sorted(by: isBefore) {
      hash.add(value.identity)
      withUnsafeBytes(of: value.value.bitPattern.littleEndian) { hash.add($0) }
      hash.add(value.reconstructed ? "r" : "m")
    }
    return hash.text
  }

  /// What makes two values one measurement.
  struct Identity: Hashable {
    var measurand: Measurand
    var phase: String?
    var location: String?
    var at: Timestamp
    init(_ value: MeterValue) {
      measurand = value.measurand
      phase = value.phase
      location = value.location
      at = value.timestamp
    }
  }

  /// By time, then by what is measured: an order that does not depend on the order of sending.
  static func isBefore(_ a: MeterValue, _ b: MeterValue) -> Bool {
    if a.timestamp != b.timestamp { return a.timestamp < b.timestamp }
    if a.measurand != b.measurand { return a.measurand.rawValue < b.measurand.rawValue }
    if a.phase != b.phase { return (a.phase ?? "") < (b.phase ?? "") }
    return (a.location ?? "") < (b.location ?? "")
  }

  static func fault(_ code: String, _ message: String, _ pointer: String, _ fix: String) -> Problem {
    Problem(.invalid, code: code, message, pointer: pointer, fix: fix)
  }
}
