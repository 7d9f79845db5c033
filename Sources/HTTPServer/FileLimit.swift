// How many descriptors the process may have.
import Glibc

enum FileLimit {
  /// Raises the limit to the highest that is allowed, and returns what holds then.
  static func raise() -> Int {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 1024 }
    if limit.rlim_cur < limit.rlim_max {
      let before = limit
      limit.rlim_cur = limit.rlim_max
      if setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) != 0 { limit = before }
    }
    return Int(clamping: limit.rlim_cur)
  }
}
