// One thread, a virtual clock, and a seeded choice among the jobs that are ready: the same seed runs the same way.
import Core
import Foundation

/// Runs jobs only while `run` pumps it. Time moves only when nothing is ready.
public final class SimExecutor: TaskExecutor, @unchecked Sendable {
  /// Jobs of one run, so that a livelock ends with its seed printed.
  public static let maxSteps = 5_000_000

  private let most: Int
  private var ready: [UnownedJob] = []
  private var timers: [Timer] = []
  private let random: SeededRandom
  private var sequence: UInt64 = 0
  private let owner = pthread_self()
  private let lock = NSLock()
  private var escaped = 0
  /// Virtual time in microseconds since 1970.
  public private(set) var now: Int
  public private(set) var steps = 0
  /// Folds what ran when into one number, to compare runs.
  public private(set) var trace: UInt64 = 0xcbf2_9ce4_8422_2325

  private struct Timer {
    var at: Int
    var sequence: UInt64
    var wake: CheckedContinuation<Void, Never>
  }

  /// Which timer a sleep waits for.
  private final class Ticket: @unchecked Sendable {
    var sequence: UInt64 = 0
  }

  public init(seed: UInt64, start: Timestamp, maxSteps: Int = SimExecutor.maxSteps) {
    most = maxSteps
    random = SeededRandom(seed: seed)
    now = start.microseconds
  }

  /// Jobs that came from another thread: something escaped the simulation.
  public var foreign: Int { lock.withLock { escaped } }

  public func enqueue(_ job: UnownedJob) { add(job) }
  public func enqueue(_ job: consuming ExecutorJob) { add(UnownedJob(job)) }

  private func add(_ job: UnownedJob) {
    lock.withLock {
      if pthread_equal(owner, pthread_self()) == 0 { escaped += 1 }
      ready.append(job)
    }
  }

  /// Folds something that happened into the trace.
  public func note(_ word: UInt64) { trace = (trace ^ word) &* 0x100_0000_01b3 }

  /// Until then, or until the task is cancelled.
  func sleep(_ duration: Duration) async {
    let ticket = Ticket()
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        if Task.isCancelled { return continuation.resume() }
        ticket.sequence = set(duration, continuation)
      }
    } onCancel: {
      guard let at = timers.firstIndex(where: { $0.sequence == ticket.sequence }) else { return }
      timers.remove(at: at).wake.resume()
    }
  }

  /// Until then, whatever becomes of the task: what is on the wire cannot be cancelled.
  func pause(_ duration: Duration) async {
    await withCheckedContinuation { continuation in _ = set(duration, continuation) }
  }

  private func set(_ duration: Duration, _ wake: CheckedContinuation<Void, Never>) -> UInt64 {
    sequence += 1
    timers.append(Timer(at: now + max(0, duration.microseconds), sequence: sequence, wake: wake))
    return sequence
  }

  /// Pumps until `done`, until nothing can run any more, or until virtual time is past `deadline`. True when done.
  public func run(until deadline: Timestamp, done: () -> Bool) -> Bool {
    while !done() {
      steps += 1
      if steps > most { return false }
      guard let job = lock.withLock({ pick() }) else {
        guard let next = timers.indices.min(by: { (timers[$0].at, timers[$0].sequence) < (timers[$1].at, timers[$1].sequence) }),
          timers[next].at <= deadline.microseconds
        else { return false }
        let timer = timers.remove(at: next)
        now = max(now, timer.at)
        note(UInt64(now))
        timer.wake.resume()
        continue
      }
      job.runSynchronously(on: asUnownedTaskExecutor())
    }
    return true
  }

  private func pick() -> UnownedJob? {
    if ready.isEmpty { return nil }
    let at = Int(random.next() % UInt64(ready.count))
    note(UInt64(at) &+ UInt64(ready.count) << 16)
    return ready.remove(at: at)
  }
}
