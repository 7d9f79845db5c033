// A station's past as days of 24 hours, and which of them a day may be compared with.
import Core

struct StationHistory {
  /// One past day; the hours before the history began are nil.
  struct Day {
    var weekday: Int
    var hours: [Double?]
    /// kWh from hour `from` up to hour `to`; nil when some of it is before the history.
    func energy(_ from: Int, _ to: Int) -> Double? {
      var sum = 0.0
      for hour in hours[from..<to] {
        guard let hour else { return nil }
        sum += hour
      }
      return sum
    }
  }

  private(set) var days: [Day] = []
  static let dayLength = 24 * StationEnergy.hour

  /// Hours that are absent after the first one were hours without energy.
  init(_ history: [HourEnergy], before day: Timestamp) {
    let past = history.filter { $0.start < day }
    guard let first = past.map(\.start.microseconds).min() else { return }
    let count = min((day.microseconds - first + Self.dayLength - 1) / Self.dayLength, StationParameters.mostDays)
    days = (1...max(count, 1)).map { back in
      let start = day.microseconds - back * Self.dayLength
      return Day(
        weekday: Self.weekday(start),
        hours: (0..<24).map { start + $0 * StationEnergy.hour >= first - StationEnergy.hour + 1 ? 0 : nil })
    }
    for hour in past {
      let back = (day.microseconds - hour.start.microseconds - 1) / Self.dayLength
      guard back < days.count else { continue }
      let start = day.microseconds - (back + 1) * Self.dayLength
      let at = (hour.start.microseconds - start) / StationEnergy.hour
      days[back].hours[at] = (days[back].hours[at] ?? 0) + hour.kwh
    }
  }

  /// 0 is Monday. 1970-01-01 was a Thursday.
  static func weekday(_ microseconds: Int) -> Int {
    let days = Int((Double(microseconds) / Double(dayLength)).rounded(.down))
    return ((days + 3) % 7 + 7) % 7
  }

  /// The robust deviation of days of this kind, working days or weekends, as a share of their median; nil with too few of them.
  func irregularity(_ weekday: Int, hours: Int, parameters: StationParameters) -> Double? {
    let totals = days.filter { ($0.weekday >= 5) == (weekday >= 5) }.compactMap { $0.energy(0, hours) }
    guard totals.count >= parameters.regularDays, let middle = Robust.median(totals), middle > 0 else { return nil }
    return Robust.deviation(totals, around: middle) / middle
  }

  /// Days like this one: of its weekday if there are enough, else working days or weekends, else all.
  func comparable(_ weekday: Int, hours: Int, parameters: StationParameters) -> [Day] {
    let whole = days.filter { $0.energy(0, hours) != nil }
    let same = whole.filter { $0.weekday == weekday }
    if same.count >= parameters.weekdayDays { return same }
    let kind = whole.filter { ($0.weekday >= 5) == (weekday >= 5) }
    return kind.count >= parameters.leastDays - 2 ? kind : whole
  }
}
