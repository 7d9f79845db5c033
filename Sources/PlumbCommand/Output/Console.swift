// Where the command writes: results to standard output, everything else to standard error, colours only on a terminal.
import Core
import Foundation

/// Standard output and error of one run.
final class Console: @unchecked Sendable {
  enum Style: String {
    case bold = "1"
    case dim = "2"
    case red = "31"
    case green = "32"
    case yellow = "33"
    case cyan = "36"
  }

  /// Standard output goes to a person: colours, live progress.
  let isTerminal: Bool
  /// Standard error goes to a person.
  let errorIsTerminal: Bool
  let colours: Bool
  private let send: @Sendable (_ descriptor: Int32, _ bytes: [UInt8]) -> Void
  private let lock = NSLock()
  private var pending: [UInt8] = []
  private static let flushFrom = 64 << 10

  init(isTerminal: Bool, errorIsTerminal: Bool, colours: Bool, send: @escaping @Sendable (Int32, [UInt8]) -> Void) {
    self.isTerminal = isTerminal
    self.errorIsTerminal = errorIsTerminal
    self.colours = colours
    self.send = send
  }

  static func standard() -> Console {
    let isTerminal = isatty(1) == 1
    let plain =
      getenv("NO_COLOR").map { $0.pointee != 0 } ?? false || getenv("TERM").map { String(cString: $0) == "dumb" } ?? false
    return Console(isTerminal: isTerminal, errorIsTerminal: isatty(2) == 1, colours: isTerminal && !plain, send: writeAll)
  }

  /// Adds text to standard output as it is.
  func out(_ text: String) {
    let isFull = lock.withLock {
      pending.append(contentsOf: text.utf8)
      return pending.count >= Self.flushFrom
    }
    if isFull || isTerminal { flush() }
  }

  func line(_ text: String) { out(text + "\n") }

  /// A line on standard error.
  func error(_ text: String) {
    flush()
    send(2, Array((text + "\n").utf8))
  }

  /// Text on standard error without a newline, for progress on a terminal.
  func live(_ text: String) { send(2, Array(text.utf8)) }

  func flush() {
    let bytes = lock.withLock {
      defer { pending.removeAll(keepingCapacity: true) }
      return pending
    }
    if !bytes.isEmpty { send(1, bytes) }
  }

  func styled(_ text: String, _ style: Style) -> String { colours ? "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m" : text }

  /// Every problem on a line of its own: `file:line:column: Kind/name /pointer: message fix`.
  /// They come in the order of the files, from top to bottom.
  func problems(_ list: [Problem]) {
    var files: [String: Int] = [:]
    for problem in list { if let file = problem.place?.file, files[file] == nil { files[file] = files.count } }
    let sorted = list.enumerated().sorted { left, right in
      func key(_ at: Int, _ problem: Problem) -> (Int, Int, Int, Int) {
        guard let place = problem.place else { return (files.count, 0, 0, at) }
        return (files[place.file] ?? 0, place.line, place.column, at)
      }
      return key(left.offset, left.element) < key(right.offset, right.element)
    }
    for problem in sorted.map(\.element) { error("error: \(problem)") }
    if list.count > 1 { error("\(list.count) errors") }
  }

  /// Writes all of it, or stops when nobody reads any more.
  @Sendable private static func writeAll(_ descriptor: Int32, _ bytes: [UInt8]) {
    bytes.withUnsafeBytes { buffer in
      var at = 0
      while at < buffer.count {
        let count = write(descriptor, buffer.baseAddress! + at, buffer.count - at)
        if count > 0 {
          at += count
        } else if count < 0, errno == EAGAIN {
          var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
          _ = poll(&waiting, 1, 1000)
        } else if !(count < 0 && errno == EINTR) {
          return
        }
      }
    }
  }
}
