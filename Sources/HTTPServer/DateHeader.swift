// The Date header, written once a second.
import Glibc

struct DateHeader {
  private var second: time_t = -1
  private var line: [UInt8] = []

  /// `Date: Tue, 15 Nov 1994 08:12:31 GMT` and the line's end, for now.
  mutating func current() -> [UInt8] {
    let now = time(nil)
    if now != second {
      second = now
      line = Self.line(now)
    }
    return line
  }

  static func line(_ time: time_t) -> [UInt8] {
    var time = time
    var parts = tm()
    gmtime_r(&time, &parts)
    let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let date = "\(days[Int(parts.tm_wday)]), \(two(parts.tm_mday)) \(months[Int(parts.tm_mon)]) \(parts.tm_year + 1900)"
    return Array("Date: \(date) \(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)) GMT\r\n".utf8)
  }
}
