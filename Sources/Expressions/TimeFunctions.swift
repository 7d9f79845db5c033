// Parts of timestamps and durations: getFullYear and its like.
import Core
import Foundation

enum TimeFunctions {
  private enum Part: String, CaseIterable {
    case getFullYear, getMonth, getDate, getDayOfMonth, getDayOfWeek, getDayOfYear, getHours, getMinutes, getSeconds,
      getMilliseconds
  }

  static func add(to set: inout CELFunctions) {
    for part in Part.allCases {
      set.add(part.rawValue, 1...2, .receiver) { arguments, _ in
        switch (arguments[0], arguments.count) {
        case (.timestamp(let seconds, let nanos), 1): return .int(value(part, seconds, nanos))
        case (.timestamp(let seconds, let nanos), 2):
          guard case .string(let zone) = arguments[1] else { break }
          guard let offset = offset(of: zone, at: seconds) else {
            return .error(CELFailure("unknown time zone '\(zone.prefix(64))'"))
          }
          return .int(value(part, seconds + offset, nanos))
        case (.duration(let seconds, let nanos), 1):
          if let value = total(part, seconds, nanos) { return .int(value) }
        default: break
        }
        return .error(.noOverload(part.rawValue, arguments))
      }
    }
  }

  /// Months, days of months (`getDayOfMonth`) and days of years count from 0, Sunday is 0.
  private static func value(_ part: Part, _ seconds: Int, _ nanos: Int32) -> Int {
    let days = TimeText.floorDivide(seconds, TimeText.secondsOfDay)
    let rest = seconds - days * TimeText.secondsOfDay
    switch part {
    case .getFullYear: return Timestamp.civil(days).year
    case .getMonth: return Timestamp.civil(days).month - 1
    case .getDate: return Timestamp.civil(days).day
    case .getDayOfMonth: return Timestamp.civil(days).day - 1
    case .getDayOfWeek: return ((days + 4) % 7 + 7) % 7
    case .getDayOfYear: return days - Timestamp.daysFromCivil(Timestamp.civil(days).year, 1, 1)
    case .getHours: return rest / 3600
    case .getMinutes: return rest / 60 % 60
    case .getSeconds: return rest % 60
    case .getMilliseconds: return Int(nanos) / 1_000_000
    }
  }

  /// The whole duration in a unit, except for the milliseconds, which are those of its last second.
  private static func total(_ part: Part, _ seconds: Int, _ nanos: Int32) -> Int? {
    switch part {
    case .getHours: seconds / 3600
    case .getMinutes: seconds / 60
    case .getSeconds: seconds
    case .getMilliseconds: Int(nanos) / 1_000_000
    default: nil
    }
  }

  /// Seconds east of UTC: `+02:00`, `-09:30`, `02:00`, `UTC`, or a name of the IANA database.
  private static func offset(of zone: String, at seconds: Int) -> Int? {
    if zone == "UTC" || zone == "Z" || zone.isEmpty { return 0 }
    var digits = Array(zone.utf8)[...]
    let negative = digits.first == UInt8(ascii: "-")
    if negative || digits.first == UInt8(ascii: "+") { digits = digits.dropFirst() }
    let parts = digits.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
    if parts.count == 2, parts.allSatisfy({ $0.count == 2 }), let hours = Int(String(decoding: parts[0], as: UTF8.self)),
      let minutes = Int(String(decoding: parts[1], as: UTF8.self)), (0..<24).contains(hours), (0..<60).contains(minutes)
    {
      return (hours * 3600 + minutes * 60) * (negative ? -1 : 1)
    }
    return TimeZone(identifier: zone)?.secondsFromGMT(for: Date(timeIntervalSince1970: Double(seconds)))
  }
}
