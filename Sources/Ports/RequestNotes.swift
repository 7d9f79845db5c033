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
  private var proposals: [UID] = []

  public init() {}

  public func warn(_ problems: [Problem]) {
    if problems.isEmpty { return }
    lock.withLock { warnings = problems }
  }

  /// Changes that were not made, but go into git.
  public func propose(_ uids: [UID]) {
    if !uids.isEmpty { lock.withLock { proposals = uids } }
  }

  /// The status of an answer: what became a proposal was accepted, not done.
  public func status(_ status: Int) -> Int {
    (200..<300).contains(status) && lock.withLock({ !proposals.isEmpty }) ? 202 : status
  }

  /// A read was answered by a standby that was at most this far behind.
  public func readBehind(by staleness: Duration) { lock.withLock { age = max(age ?? .zero, staleness) } }

  /// A standby answered a part of it: the answer is not kept for others.
  public var isStale: Bool { lock.withLock { age != nil } }

  /// `Plumb-Proposal: UID` for each GitProposal that the request made.
  /// `Warning: 299 plumb "…"` for each warning; `Plumb-Staleness: 0.250` (seconds) when a standby answered.
  public var headers: [(name: String, value: String)] {
    let (warnings, age, proposals) = lock.withLock { (self.warnings, self.age, self.proposals) }
    var headers = warnings.prefix(Self.mostWarnings).map { warning in
      let text = warning.description.unicodeScalars.map { $0.value < 32 || $0.value > 126 ? "?" : $0 == "\"" ? "'" : String($0) }
      return (name: "Warning", value: "299 plumb \"\(text.joined().prefix(Self.longest).replacing("\\", with: "/"))\"")
    }
    headers += proposals.prefix(Self.mostWarnings).map { (name: "Plumb-Proposal", value: $0.description) }
    if let age {
      let thousandths = max(0, age.microseconds + 999) / 1000
      headers.append(
        (name: "Plumb-Staleness", value: "\(thousandths / 1000).\(String(1000 + thousandths % 1000).dropFirst())"))
    }
    return headers
  }
}
