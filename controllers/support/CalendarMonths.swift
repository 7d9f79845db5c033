// Months of the calendar: the same day of the next month, or its last one.
import Core

enum CalendarMonths {
  private static let day = 86_400_000_000

  /// `start` moved by whole months, at the same time of day. The 31st becomes the last day where a month is shorter.
  static func after(_ start: Timestamp, _ months: Int) -> Timestamp {
    let days = Int((Double(start.microseconds) / Double(day)).rounded(.down))
    let (year, month, date) = Timestamp.civil(days)
    let count = year * 12 + month - 1 + months
    let (newYear, newMonth) = (count / 12, count % 12 + 1)
    let newDate = min(date, Timestamp.daysIn(newMonth, newYear))
    return Timestamp(
      microseconds: Timestamp.daysFromCivil(newYear, newMonth, newDate) * day + start.microseconds - days * day)
  }

  /// Whole months from `start` to `now`; 0 before the first is over.
  static func whole(from start: Timestamp, to now: Timestamp) -> Int {
    if now <= start { return 0 }
    var count = Int((now - start).inSeconds / (31 * 86_400))
    while after(start, count + 1) <= now { count += 1 }
    return count
  }
}
