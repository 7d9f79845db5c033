// Times in the form that PostgreSQL reads.
import Core

/// `2026-01-31 12:00:00.000001+00`, written without making strings.
enum TimeText {
  static func write(_ time: Timestamp, to out: inout [UInt8]) {
    let day = 86_400_000_000
    let days = time.microseconds >= 0 ? time.microseconds / day : (time.microseconds - day + 1) / day
    let rest = time.microseconds - days * day
    let (year, month, date) = Timestamp.civil(days)
    let second = rest / 1_000_000
    func put(_ number: Int, _ width: Int) {
      var scale = 1
      for _ in 1..<width { scale *= 10 }
      while scale > 0 {
        out.append(48 + UInt8(number / scale % 10))
        scale /= 10
      }
    }
    put(year, 4)
    out.append(45)
    put(month, 2)
    out.append(45)
    put(date, 2)
    out.append(32)
    put(second / 3600, 2)
    out.append(58)
    put(second / 60 % 60, 2)
    out.append(58)
    put(second % 60, 2)
    out.append(46)
    put(rest % 1_000_000, 6)
    out.append(contentsOf: "+00".utf8)
  }
}
