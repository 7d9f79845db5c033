// What runs on this machine, as /proc shows it: the replicas of apps, and whatever names a folder.
import Foundation

enum ProcessScan {
  struct Replica: Hashable {
    var pid: pid_t
    /// `<app uid>|<index>`.
    var id: String
    var environment: [String: String]
  }

  /// Processes marked as replicas that a plumb with this data directory started. Zombies have no environment.
  static func replicas(of data: String) -> [Replica] {
    pids().compactMap { pid in
      guard let text = read("/proc/\(pid)/environ") else { return nil }
      let pairs = text.split(separator: "\0").compactMap { line -> (String, String)? in
        let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        return parts.count == 2 ? (String(parts[0]), String(parts[1])) : nil
      }
      let environment = Dictionary(pairs, uniquingKeysWith: { first, _ in first })
      guard let mark = environment["PLUMB_PROCESS"], mark.hasPrefix("\(data)/apps|") else { return nil }
      let parts = mark.split(separator: "|")
      guard parts.count == 4 else { return nil }
      return Replica(pid: pid, id: "\(parts[1])|\(parts[2])", environment: environment)
    }
  }

  /// Ids of replicas that run more than once.
  static func doubled(_ data: String) -> [String] {
    Dictionary(grouping: replicas(of: data), by: \.id).filter { $0.value.count > 1 }.map { "\($0.key): \($0.value.map(\.pid))" }
      .sorted()
  }

  /// Processes whose command line names the path.
  static func all(naming path: String) -> [(pid: pid_t, command: String)] {
    pids().compactMap { pid in
      guard pid != getpid(), let text = read("/proc/\(pid)/cmdline"), text.contains(path) else { return nil }
      return (pid, text.replacingOccurrences(of: "\0", with: " "))
    }
  }

  private static func pids() -> [pid_t] {
    ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { pid_t($0) }
  }

  private static func read(_ path: String) -> String? {
    guard let bytes = FileManager.default.contents(atPath: path), !bytes.isEmpty else { return nil }
    return String(decoding: bytes, as: UTF8.self)
  }
}
