// One crash at one write: every write and every outside effect of a run can be tried in turn.
import Core

/// Counts the writes and effects of all replicas; ends the one that makes number `at`, before or after it is done.
public final class CrashPoint: @unchecked Sendable {
  public let at: Int
  public let after: Bool
  private(set) var passed = 0

  /// - Parameter at: from 0; -1 only counts.
  public init(at: Int, after: Bool) {
    self.at = at
    self.after = after
  }

  /// Whether this write is the one.
  func hits() -> Bool {
    passed += 1
    return passed - 1 == at
  }
}
