// What an answer must say besides itself: policies that warned, and how old the state may be that it was read from.
import Core
import Foundation

/// Gathered while one request is answered; the views turn it into headers.
public final class RequestNotes: @unchecked Sendable {
  @TaskLocal public static var current: RequestNotes?
  /// Warnings in headers, and characters of each.
  static let mostWarnings = 20
  static let longest = 500

  private let lock = NSLock()
  private var warnings: [Problem] = []
  private var age: Duration?

  public init() {}

  public func warn(_ problems: [Problem]) {
    if problems.isEmpty { return }
    lock.withLock { warnings = problems }
  }

  /// A read was answered by a standby that was at most this far behind.
  public func readBehind(by staleness: Duration) { lock.withLock { age = max(age ?? .zero, staleness) } }

  /// `Warning: 299 plumb "…"` for each warning; `Plumb-Staleness: 0.250` (seconds) when a standby answered.
  public var headers: [(name: String, value: String)] {
    let (warnings, age) = lock.withLock { (self.warnings, self.age) }
    var headers = warnings.prefix(Self.mostWarnings).map { warning in
      let text = warning.description.unicodeScalars.map { $0.value < 32 || $0.value > 126 ? "?" : $0 == "\"" ? "'" : String($0) }
      return (name: "Warning", value: "299 plumb \"\(text.joined().prefix(Self.longest).replacing("\\", with: "/"))\"")
    }
    if let age {
      let thousandths = max(0, age.microseconds + 999) / 1000
      headers.append(
        (name: "Plumb-Staleness", value: "\(thousandths / 1000).\(String(1000 + thousandths % 1000).dropFirst())"))
    }
    return headers
  }
}
