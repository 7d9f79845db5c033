// The process's surroundings: variables, folders, other processes.
import Glibc

enum Environment {
  static func value(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

  static func all() -> [(String, String)] {
    var found: [(String, String)] = []
    var next = environ
    while let entry = next.pointee {
      let parts = String(cString: entry).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      if parts.count == 2 { found.append((parts[0], parts[1])) }
      next += 1
    }
    return found
  }

  /// Whether a process with this id exists.
  static func isRunning(_ pid: Int) -> Bool { kill(pid_t(clamping: pid), 0) == 0 || errno == EPERM }

  /// The path without links and dots; as given when it leads nowhere.
  static func absolute(_ path: String) -> String {
    guard let found = realpath(path, nil) else { return path }
    defer { free(found) }
    return String(cString: found)
  }
}
