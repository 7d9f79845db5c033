// What happened in a simulation of a user's manifests, by virtual time, for people and programs.
import Core
import Foundation

public struct TimelineEntry: Sendable {
  /// What kind of thing it was.
  public enum Sort: String, Sendable { case client, write, status, effect, fault, replica, end }
  /// Since the manifests were first sent.
  public var at: Duration
  public var sort: Sort
  /// Who did it: `client`, `r1`, `world`.
  public var who: String
  public var text: String
}

final class SimulationTimeline: @unchecked Sendable {
  /// Entries kept; what follows is only counted.
  static let most = 5000

  private let lock = NSLock()
  private let clock: any Clock
  private var start: Timestamp?
  private var kept: [TimelineEntry] = []
  private(set) var dropped = 0

  init(clock: any Clock) { self.clock = clock }

  /// Nothing is kept before this.
  func begin() { lock.withLock { start = clock.now() } }

  var entries: [TimelineEntry] { lock.withLock { kept } }

  /// When something last changed by itself.
  var lastMove: Duration { entries.last { [.status, .write, .effect].contains($0.sort) }?.at ?? .zero }

  func add(_ sort: TimelineEntry.Sort, _ who: String, _ text: @autoclosure () -> String) {
    lock.withLock {
      guard let start else { return }
      guard kept.count < Self.most else {
        dropped += 1
        return
      }
      kept.append(TimelineEntry(at: clock.now() - start, sort: sort, who: who, text: text()))
    }
  }
}
