// Other processes as /proc shows them.
import Core
import Foundation

enum ProcessTable {
  /// Name of the environment variable that marks our children: `<directory>|<app uid>|<index>|<step key>`.
  static let markerName = "PLUMB_PROCESS"
  /// Most processes looked at when unrecorded children are searched.
  private static let scanLimit = 100_000

  /// Identifies this boot of the machine; start times are compared within one boot only.
  static let boot: String = {
    guard let bytes = FileManager.default.contents(atPath: "/proc/sys/kernel/random/boot_id") else { return "" }
    return String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
  }()

  struct Entry {
    var state: Character
    var session: Int32
    var startTicks: Int
  }

  /// Nil when there is no such process.
  static func entry(_ pid: Int32) -> Entry? {
    guard pid > 0, let text = read("/proc/\(pid)/stat"), let close = text.lastIndex(of: ")") else { return nil }
    // After the command in parentheses: state, ppid, pgrp, session, ... starttime is field 22 of the line.
    let fields = text[text.index(after: close)...].split(separator: " ")
    guard fields.count > 19, let state = fields[0].first, let session = Int32(fields[3]), let ticks = Int(fields[19]) else {
      return nil
    }
    return Entry(state: state, session: session, startTicks: ticks)
  }

  /// True while this very process (not a later one of the same pid) lives. A zombie has ended.
  static func isAlive(_ pid: Int32, startTicks: Int) -> Bool {
    guard let entry = entry(pid) else { return false }
    return entry.startTicks == startTicks && entry.state != "Z" && entry.state != "X"
  }

  struct Marked {
    var pid: Int32
    var app: UID
    var index: Int
    var key: String
  }

  /// Leaders of sessions that carry our marker: children of a plumb that died before it wrote them down are among them.
  static func marked(directory: String) -> [Marked] {
    var found: [Marked] = []
    for name in ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).prefix(scanLimit) {
      guard let pid = Int32(name), let environment = read("/proc/\(pid)/environ") else { continue }
      let prefix = "\(markerName)=\(directory)|"
      guard let line = environment.split(separator: "\0").first(where: { $0.hasPrefix(prefix) }) else { continue }
      let parts = line.dropFirst(prefix.count).split(separator: "|", omittingEmptySubsequences: false)
      guard parts.count == 3, let app = UID(parts[0]), let index = Int(parts[1]), let entry = entry(pid), entry.session == pid
      else { continue }
      found.append(Marked(pid: pid, app: app, index: index, key: String(parts[2])))
    }
    return found
  }

  private static func read(_ path: String) -> String? {
    guard let bytes = FileManager.default.contents(atPath: path) else { return nil }
    return String(decoding: bytes, as: UTF8.self)
  }
}
