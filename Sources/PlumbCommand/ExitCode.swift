// How the program ends: the codes of DESIGN section 9. They never overlap.
import Core

enum ExitCode: Int32, Sendable {
  case done = 0
  case failure = 1
  /// There are changes (diff, plan).
  case changes = 2
  case invalid = 3
  /// Not allowed, or not known who asks.
  case denied = 4
  case conflict = 5
  /// A pinned plan no longer fits.
  case stale = 6
  /// By a policy or a guard.
  case refused = 7
  /// Not ready in time.
  case timeout = 8
  /// Ctrl-C, as shells say it.
  case interrupted = 130

  init(_ category: Problem.Category) {
    self =
      switch category {
      case .invalid, .tooLarge: .invalid
      case .denied, .unauthenticated: .denied
      case .conflict: .conflict
      case .stale: .stale
      case .refused: .refused
      case .timeout: .timeout
      case .missing, .limited, .unavailable, .failure: .failure
      }
  }
}
