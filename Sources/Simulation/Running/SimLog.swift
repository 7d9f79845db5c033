// What happened in a simulation, line by line, for whoever replays a seed.
import Core
import Foundation

public final class SimLog: @unchecked Sendable {
  /// Lines kept; the oldest go first.
  static let maxLines = 50_000

  private let lock = NSLock()
  private let clock: any Clock
  private let start: Timestamp
  private let enabled: Bool
  private var kept: [String] = []

  init(clock: any Clock, enabled: Bool) {
    self.clock = clock
    self.enabled = enabled
    start = clock.now()
  }

  public var lines: [String] { lock.withLock { kept } }

  func add(_ text: @autoclosure () -> String) {
    guard enabled else { return }
    let line = "\((clock.now() - start).inSeconds) s  \(text())"
    lock.withLock {
      if kept.count >= Self.maxLines { kept.removeFirst(Self.maxLines / 2) }
      kept.append(line)
    }
  }
}
