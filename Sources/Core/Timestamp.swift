// Moments in UTC, to the microsecond, and their RFC 3339 text.

/// Microseconds since 1970-01-01T00:00:00Z. Years 0001 to 9999.
public struct Timestamp: Sendable, Hashable, Comparable, CustomStringConvertible {
  public var microseconds: Int
  public init(microseconds: Int) { self.microseconds = microseconds }
  public init(seconds: Double) { microseconds = Int((seconds * 1e6).rounded()) }

  public var seconds: Double { Double(microseconds) / 1e6 }
  public static func < (a: Timestamp, b: Timestamp) -> Bool { a.microseconds < b.microseconds }
  public static func + (a: Timestamp, b: Duration) -> Timestamp { Timestamp(microseconds: a.microseconds + b.microseconds) }
  public static func - (a: Timestamp, b: Duration) -> Timestamp { Timestamp(microseconds: a.microseconds - b.microseconds) }
  public static func - (a: Timestamp, b: Timestamp) -> Duration { .microseconds(a.microseconds - b.microseconds) }

  /// RFC 3339 in UTC; the fraction only where it is not zero.
  public var description: String {
    let day = 86_400_000_000
    let days = Int((Double(microseconds) / Double(day)).rounded(.down))
    let rest = microseconds - days * day
    let (year, month, date) = Self.civil(days)
    let second = rest / 1_000_000
    // Views of long lists write thousands of these: digits go straight into the text's buffer.
    return String(unsafeUninitializedCapacity: Self.textCapacity) { out in
      var at = 0
      func put(_ byte: UInt8) {
        out[at] = byte
        at += 1
      }
      func put(_ number: Int, _ width: Int) {
        var divisor = 1
        for _ in 1..<width { divisor *= 10 }
        while divisor > 0 {
          put(UInt8(ascii: "0") + UInt8(number / divisor % 10))
          divisor /= 10
        }
      }
      if year < 0 { put(UInt8(ascii: "-")) }
      put(abs(year), abs(year) > 9999 ? 6 : 4)
      put(UInt8(ascii: "-"))
      put(month, 2)
      put(UInt8(ascii: "-"))
      put(date, 2)
      put(UInt8(ascii: "T"))
      put(second / 3600, 2)
      put(UInt8(ascii: ":"))
      put(second / 60 % 60, 2)
      put(UInt8(ascii: ":"))
      put(second % 60, 2)
      let fraction = rest % 1_000_000
      if fraction != 0 {
        put(UInt8(ascii: "."))
        put(fraction, 6)
        while out[at - 1] == UInt8(ascii: "0") { at -= 1 }
      }
      put(UInt8(ascii: "Z"))
      return at
    }
  }

  /// `2026-01-02T03:04:05.678901Z`, with room to spare.
  private static let textCapacity = 32

  /// Reads RFC 3339 (`T` or a space between, offset or `Z` required). Digits past the microsecond are cut.
  public init?(_ text: some StringProtocol) {
    let b = Array(text.utf8)
    func number(_ from: Int, _ count: Int) -> Int? {
      guard from + count <= b.count else { return nil }
      var n = 0
      for c in b[from..<from + count] {
        guard c >= 48, c <= 57 else { return nil }
        n = n * 10 + Int(c - 48)
      }
      return n
    }
    guard b.count >= 20, let year = number(0, 4), b[4] == 45, let month = number(5, 2), b[7] == 45, let date = number(8, 2),
      b[10] == 84 || b[10] == 116 || b[10] == 32, let hour = number(11, 2), b[13] == 58, let minute = number(14, 2), b[16] == 58,
      let second = number(17, 2), (1...12).contains(month), date >= 1, date <= Self.daysIn(month, year), hour < 24, minute < 60,
      second < 60
    else { return nil }
    var at = 19
    var fraction = 0
    if b[at] == 46 {
      at += 1
      var scale = 100_000
      let start = at
      while at < b.count, b[at] >= 48, b[at] <= 57 {
        fraction += Int(b[at] - 48) * scale
        scale /= 10
        at += 1
      }
      if at == start { return nil }
    }
    guard at < b.count else { return nil }
    var offset = 0
    switch b[at] {
    case 90, 122: guard at + 1 == b.count else { return nil }
    case 43, 45:
      guard at + 6 == b.count, let h = number(at + 1, 2), b[at + 3] == 58, let m = number(at + 4, 2), h < 24, m < 60 else {
        return nil
      }
      offset = (h * 3600 + m * 60) * (b[at] == 43 ? 1 : -1)
    default: return nil
    }
    let days = Self.daysFromCivil(year, month, date)
    microseconds = (days * 86_400 + hour * 3600 + minute * 60 + second - offset) * 1_000_000 + fraction
  }

  public static func daysIn(_ month: Int, _ year: Int) -> Int {
    month == 2 ? (year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28) : [4, 6, 9, 11].contains(month) ? 30 : 31
  }

  /// Days since 1970-01-01 of a proleptic Gregorian date (Howard Hinnant's algorithm).
  public static func daysFromCivil(_ year: Int, _ month: Int, _ day: Int) -> Int {
    let y = month <= 2 ? year - 1 : year
    let era = (y >= 0 ? y : y - 399) / 400
    let yearOfEra = y - era * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  /// The reverse of `daysFromCivil`.
  public static func civil(_ days: Int) -> (year: Int, month: Int, day: Int) {
    let z = days + 719_468
    let era = (z >= 0 ? z : z - 146_096) / 146_097
    let dayOfEra = z - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let m = (5 * dayOfYear + 2) / 153
    let month = m < 10 ? m + 3 : m - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * m + 2) / 5 + 1)
  }
}

extension Duration {
  public var microseconds: Int { Int(components.seconds) * 1_000_000 + Int(components.attoseconds / 1_000_000_000_000) }
  public var inSeconds: Double { Double(microseconds) / 1e6 }

  /// Reads `90s`, `5m`, `2h`, `30d`, `150ms`, `1h30m`; nil for anything else or a sum over 100 years.
  public init?(text: some StringProtocol) {
    var total = 0.0
    var rest = Substring(text)
    guard !rest.isEmpty else { return nil }
    let units: [(String, Double)] = [("ms", 1e-3), ("us", 1e-6), ("s", 1), ("m", 60), ("h", 3600), ("d", 86_400)]
    while !rest.isEmpty {
      let digits = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
      guard let number = Double(digits), number.isFinite else { return nil }
      rest = rest.dropFirst(digits.count)
      guard let unit = units.first(where: { rest.hasPrefix($0.0) && !($0.0 == "m" && rest.hasPrefix("ms")) }) else { return nil }
      rest = rest.dropFirst(unit.0.count)
      total += number * unit.1
    }
    guard total <= 3_155_760_000 else { return nil }
    self = .microseconds(Int((total * 1e6).rounded()))
  }
}
