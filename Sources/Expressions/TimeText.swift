// Timestamps and durations to and from text, to the nanosecond.
import Core

enum TimeText {
  static let secondsOfDay = 86_400
  /// 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z.
  static let timestamps = -62_135_596_800...253_402_300_799
  static let durations = -315_576_000_000...315_576_000_000
  static let nanosOfSecond = 1_000_000_000

  /// RFC 3339 in UTC, with as many digits of the fraction as are needed.
  static func timestamp(seconds: Int, nanos: Int32) -> String {
    let days = floorDivide(seconds, secondsOfDay)
    let rest = seconds - days * secondsOfDay
    let (year, month, day) = Timestamp.civil(days)
    return pad(year, 4) + "-" + pad(month, 2) + "-" + pad(day, 2) + "T" + pad(rest / 3600, 2) + ":" + pad(rest / 60 % 60, 2)
      + ":" + pad(rest % 60, 2) + fraction(nanos) + "Z"
  }

  /// Seconds with as many digits of the fraction as are needed, such as `-3.5s`.
  static func duration(seconds: Int, nanos: Int32) -> String {
    (seconds < 0 || nanos < 0 ? "-" : "") + String(seconds.magnitude) + fraction(Int32(nanos.magnitude)) + "s"
  }

  /// Reads RFC 3339 (`T` or `t`, `Z` or an offset); nil when it is not that. The year may be outside of the range of CEL.
  static func readTimestamp(_ text: String) -> (seconds: Int, nanos: Int32)? {
    let b = Array(text.utf8)
    func number(_ from: Int, _ count: Int) -> Int? {
      guard from >= 0, from + count <= b.count else { return nil }
      var n = 0
      for digit in b[from..<from + count] {
        guard digit >= 48, digit <= 57 else { return nil }
        n = n * 10 + Int(digit - 48)
      }
      return n
    }
    // A year of five digits is read too, so that it can be refused as out of range.
    guard let dash = b.firstIndex(of: 45), dash == 4 || dash == 5, let year = number(0, dash), let month = number(dash + 1, 2),
      let day = number(dash + 4, 2), let hour = number(dash + 7, 2), let minute = number(dash + 10, 2),
      let second = number(dash + 13, 2), b[dash + 3] == 45, b[dash + 6] == 84 || b[dash + 6] == 116, b[dash + 9] == 58,
      b[dash + 12] == 58, (1...12).contains(month), day >= 1, day <= Timestamp.daysIn(month, year), hour < 24, minute < 60,
      second < 60
    else { return nil }
    var at = dash + 15
    var nanos = 0
    if at < b.count, b[at] == 46 {
      at += 1
      let start = at
      var scale = 100_000_000
      while at < b.count, b[at] >= 48, b[at] <= 57 {
        nanos += Int(b[at] - 48) * scale
        scale /= 10
        at += 1
      }
      if at == start { return nil }
    }
    guard at < b.count else { return nil }
    var offset = 0
    if b[at] == 90 || b[at] == 122 {
      guard at + 1 == b.count else { return nil }
    } else {
      guard b[at] == 43 || b[at] == 45, at + 6 == b.count, let hours = number(at + 1, 2), b[at + 3] == 58,
        let minutes = number(at + 4, 2), hours < 24, minutes < 60
      else { return nil }
      offset = (hours * 3600 + minutes * 60) * (b[at] == 43 ? 1 : -1)
    }
    let days = Timestamp.daysFromCivil(year, month, day)
    return (days * secondsOfDay + hour * 3600 + minute * 60 + second - offset, Int32(nanos))
  }

  /// Reads a signed sum of numbers with units h, m, s, ms, us, ns (`1h30m`, `-1.5s`, `0`); nil when it is not that.
  /// The total may be outside of the range of CEL, but not of 2^64 nanoseconds times 2^32.
  static func readDuration(_ text: String) -> (seconds: Int, nanos: Int32)? {
    var rest = Array(text.utf8)[...]
    var sign = 1
    if let first = rest.first, first == 43 || first == 45 {
      sign = first == 45 ? -1 : 1
      rest = rest.dropFirst()
    }
    if rest.elementsEqual([48]) { return (0, 0) }
    if rest.isEmpty { return nil }
    var seconds = 0
    var nanos = 0
    while !rest.isEmpty {
      guard let part = readPart(&rest) else { return nil }
      let (sum, overflow) = seconds.addingReportingOverflow(part.seconds)
      if overflow { return nil }
      seconds = sum
      nanos += part.nanos
      seconds += nanos / nanosOfSecond
      nanos %= nanosOfSecond
    }
    return (sign * seconds, Int32(sign * nanos))
  }

  /// One number with its unit.
  private static func readPart(_ rest: inout ArraySlice<UInt8>) -> (seconds: Int, nanos: Int)? {
    var whole = 0
    var digits = 0
    while let digit = rest.first, digit >= 48, digit <= 57 {
      guard whole < 1_000_000_000_000_000 else { return nil }
      whole = whole * 10 + Int(digit - 48)
      digits += 1
      rest = rest.dropFirst()
    }
    // The fraction in units of 10^-15, enough for a nanosecond of an hour.
    var part = 0
    var scale = 100_000_000_000_000
    if rest.first == 46 {
      rest = rest.dropFirst()
      while let digit = rest.first, digit >= 48, digit <= 57 {
        part += Int(digit - 48) * scale
        scale /= 10
        digits += 1
        rest = rest.dropFirst()
      }
    }
    if digits == 0 { return nil }
    let unit = rest.prefix { $0 != 46 && !(48...57).contains($0) }
    rest = rest.dropFirst(unit.count)
    let nanosOfUnit: Int
    switch String(decoding: unit, as: UTF8.self) {
    case "h": nanosOfUnit = 3600 * nanosOfSecond
    case "m": nanosOfUnit = 60 * nanosOfSecond
    case "s": nanosOfUnit = nanosOfSecond
    case "ms": nanosOfUnit = 1_000_000
    case "us", "µs", "μs": nanosOfUnit = 1000
    case "ns": nanosOfUnit = 1
    default: return nil
    }
    let product = whole.multipliedFullWidth(by: nanosOfUnit)
    guard product.high >= 0, product.high < nanosOfSecond / 2 else { return nil }
    let (seconds, nanos) = nanosOfSecond.dividingFullWidth(product)
    let fraction = Int(Double(part) / 1e15 * Double(nanosOfUnit))
    return (seconds, nanos + fraction)
  }

  static func floorDivide(_ a: Int, _ b: Int) -> Int { a / b - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0) }

  private static func fraction(_ nanos: Int32) -> String {
    if nanos == 0 { return "" }
    var digits = pad(Int(nanos), 9)
    while digits.hasSuffix("0") { digits.removeLast() }
    return "." + digits
  }

  static func pad(_ number: Int, _ width: Int) -> String {
    let text = String(number)
    return text.utf8.count >= width ? text : String(repeating: "0", count: width - text.utf8.count) + text
  }
}
