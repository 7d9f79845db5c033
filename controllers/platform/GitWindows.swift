// When a git source may apply commits: windows of time that allow or deny.
import Core
import Foundation
import Kinds

struct GitWindows {
  /// Cron windows are looked back at for at most this long.
  static let longest = Duration.seconds(86_400)
  /// How far ahead the next change is looked for, minute by minute.
  static let ahead = 26 * 60

  struct Window {
    var denies: Bool
    var isManual: Bool
    var days: Set<Int>
    /// Minutes of the day; `to` may be up to 1440.
    var from: Int
    var to: Int
    var schedule: CronTimes?
    var minutes: Int
    var zone: TimeZone
  }

  let windows: [Window]

  init(_ value: Value) {
    windows = (value.list ?? []).compactMap { item in
      guard let kind = item["kind"].string else { return nil }
      let days = (item["days"].list ?? []).compactMap { $0.string.flatMap { Self.days.firstIndex(of: $0) } }
      let length = min(item["duration"].duration ?? .seconds(3600), Self.longest)
      return Window(
        denies: kind == "deny", isManual: item["manual"] == true, days: days.isEmpty ? Set(0...6) : Set(days),
        from: Self.minutes(item["from"].string) ?? 0, to: Self.minutes(item["to"].string) ?? 1440,
        schedule: item["schedule"].string.flatMap { CronTimes($0) }, minutes: max(1, length.microseconds / 60_000_000),
        zone: item["timeZone"].string.flatMap { TimeZone(identifier: $0) } ?? TimeZone(identifier: "UTC") ?? .current)
    }
  }

  /// Sunday is 0, as in cron.
  private static let days = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]

  private static func minutes(_ text: String?) -> Int? {
    guard let parts = text?.split(separator: ":").compactMap({ Int($0) }), parts.count == 2 else { return nil }
    return min(parts[0] * 60 + parts[1], 1440)
  }

  /// - Parameter isManual: somebody asked for it by hand.
  func isOpen(at time: Timestamp, isManual: Bool) -> Bool {
    if windows.isEmpty { return true }
    let active = windows.filter { Self.holds($0, time) }
    if active.contains(where: { $0.denies && !(isManual && $0.isManual) }) { return false }
    let allowing = windows.filter { !$0.denies }
    return allowing.isEmpty || active.contains { !$0.denies } || isManual && allowing.contains(where: \.isManual)
  }

  /// When it opens next, as far as that is known; later than now.
  func nextOpening(after time: Timestamp) -> Timestamp? {
    let step = 60_000_000
    var at = Timestamp(microseconds: (time.microseconds / step + 1) * step)
    let most = windows.contains { $0.schedule != nil } ? 180 : Self.ahead
    for _ in 0..<most {
      if isOpen(at: at, isManual: false) { return at }
      at = Timestamp(microseconds: at.microseconds + step)
    }
    return nil
  }

  private static func holds(_ window: Window, _ time: Timestamp) -> Bool {
    if let schedule = window.schedule {
      // A window that began within its length before now.
      var at = time.microseconds / 60_000_000
      for _ in 0..<window.minutes {
        if schedule.matches(LocalMinute(minute: at, zone: window.zone)) { return true }
        at -= 1
      }
      return false
    }
    let here = LocalMinute(minute: time.microseconds / 60_000_000, zone: window.zone)
    let now = here.hour * 60 + here.minute
    if window.from < window.to { return window.days.contains(here.weekday) && now >= window.from && now < window.to }
    // Over midnight: the days are those on which it begins.
    if now >= window.from { return window.days.contains(here.weekday) }
    return now < window.to && window.days.contains((here.weekday + 6) % 7)
  }
}

/// A minute as clocks and calendars of a zone show it.
struct LocalMinute {
  let minute: Int
  let hour: Int
  let day: Int
  let month: Int
  /// Sunday is 0.
  let weekday: Int

  /// - Parameter minute: minutes since 1970-01-01T00:00Z.
  init(minute: Int, zone: TimeZone) {
    let offset = zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(minute) * 60)) / 60
    let local = minute + offset
    let days = Int((Double(local) / 1440).rounded(.down))
    let rest = local - days * 1440
    (hour, self.minute) = (rest / 60, rest % 60)
    (_, month, day) = Timestamp.civil(days)
    weekday = ((days % 7) + 11) % 7
  }
}

/// Five cron fields: minute, hour, day of month, month, day of week; `*`, lists, ranges, steps and names.
struct CronTimes {
  private let fields: [Set<Int>]
  private let anyDay: Bool
  private let anyWeekday: Bool

  init?(_ text: String) {
    let words = text.lowercased().split(separator: " ").map(String.init)
    let ranges = [0...59, 0...23, 1...31, 1...12, 0...7]
    guard words.count == 5 else { return nil }
    var fields: [Set<Int>] = []
    for (word, range) in zip(words, ranges) {
      guard let set = Self.field(word, range) else { return nil }
      fields.append(set)
    }
    if fields[4].contains(7) { fields[4].insert(0) }
    self.fields = fields
    anyDay = words[2].hasPrefix("*")
    anyWeekday = words[4].hasPrefix("*")
  }

  private static let names: [String: Int] = [
    "jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6, "jul": 7, "aug": 8, "sep": 9, "oct": 10, "nov": 11, "dec": 12,
    "sun": 0, "mon": 1, "tue": 2, "wed": 3, "thu": 4, "fri": 5, "sat": 6,
  ]

  private static func number(_ text: Substring) -> Int? { Int(text) ?? names[String(text)] }

  private static func field(_ text: String, _ range: ClosedRange<Int>) -> Set<Int>? {
    var found: Set<Int> = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let pieces = part.split(separator: "/", omittingEmptySubsequences: false)
      guard let head = pieces.first, pieces.count <= 2, let step = pieces.count == 2 ? Int(pieces[1]) : 1, step > 0 else {
        return nil
      }
      var (low, high) = (range.lowerBound, range.upperBound)
      if head != "*" {
        let ends = head.split(separator: "-", omittingEmptySubsequences: false)
        guard let first = ends.first.flatMap({ number($0) }), ends.count <= 2 else { return nil }
        guard let last = ends.count == 2 ? number(ends[1]) : pieces.count == 2 ? high : first else { return nil }
        (low, high) = (first, last)
      }
      guard range.contains(low), range.contains(high), low <= high else { return nil }
      found.formUnion(stride(from: low, through: high, by: step))
    }
    return found.isEmpty ? nil : found
  }

  func matches(_ time: LocalMinute) -> Bool {
    guard fields[0].contains(time.minute), fields[1].contains(time.hour), fields[3].contains(time.month) else { return false }
    let (day, weekday) = (fields[2].contains(time.day), fields[4].contains(time.weekday))
    // As cron does: when both are restricted, either is enough.
    return anyDay || anyWeekday ? day && weekday : day || weekday
  }
}
