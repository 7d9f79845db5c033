// The wire between one replica and everything outside it, with the faults of a wire; and the replica's end.
import Core
import Foundation

/// Every call of a replica passes here. A dead replica does nothing more, except that what was on the wire may still arrive.
public final class ReplicaLink: @unchecked Sendable {
  /// A commit may arrive this long after its replica's end, well after its lease.
  static let latest = Duration.seconds(60)
  /// A call to a service arrives within this time: sooner than a lease can move (DESIGN section 2, promise 5).
  static let latestStep = Duration.seconds(5)

  public let name: String
  let executor: SimExecutor
  let random: SeededRandom
  var rates: FaultRates
  let point: CrashPoint?
  /// Told of each fault.
  var tell: (@Sendable (TimelineEntry.Sort, String) -> Void)?
  /// How far the replica's clock is from the store's.
  let skew: Duration
  private(set) var isDead = false
  private(set) var faults = 0
  private var cutUntil = 0
  private let ended: @Sendable () -> Void

  init(
    name: String, executor: SimExecutor, random: SeededRandom, rates: FaultRates, point: CrashPoint? = nil,
    skew: Duration = .zero,
    ended: @escaping @Sendable () -> Void
  ) {
    self.point = point
    self.skew = skew
    self.name = name
    self.executor = executor
    self.random = random
    self.rates = rates
    self.ended = ended
  }

  func chance(_ perThousand: Int) -> Bool {
    let hit = perThousand > 0 && Int(random.next() % 1000) < perThousand
    if hit { faults += 1 }
    return hit
  }

  func upTo(_ most: Duration) -> Duration { .microseconds(Int(random.next() % UInt64(max(1, most.microseconds)))) }

  /// The replica ends here and now.
  func crash() {
    guard !isDead else { return }
    isDead = true
    ended()
  }

  /// Ends the faults: the wire is sound from now on.
  func heal() {
    rates = .none
    cutUntil = 0
  }

  private func gone(_ call: String) -> SimFault { SimFault(description: "\(call): \(name) has ended") }

  /// A call to the store.
  /// - Parameters:
  ///   - write: its reply may be lost after it was done.
  ///   - mayArriveLate: it may still arrive after the replica's end.
  func call<T: Sendable>(_ call: String, write: Bool = false, mayArriveLate: Bool = false, _ body: () async throws -> T)
    async throws -> T
  {
    if isDead { throw gone(call) }
    if write, let point, point.hits() {
      faults += 1
      if point.after { _ = try? await body() }
      crash()
      throw gone(call)
    }
    if chance(rates.crash) {
      tell?(.fault, "ends in a call (\(call)); its work moves when the lease ends")
      crash()
      switch random.next() % 3 {
      case 0 where write: _ = try? await body()
      case 1 where mayArriveLate:
        await executor.pause(upTo(Self.latest))
        _ = try? await body()
      default: break
      }
      throw gone(call)
    }
    if chance(rates.cut) {
      cutUntil = executor.now + upTo(.seconds(20)).microseconds
      tell?(.fault, "does not reach the database for a while")
    }
    if executor.now < cutUntil {
      await executor.sleep(.milliseconds(200))
      throw SimFault(description: "\(call): no connection")
    }
    if random.next() % 4 == 0 { await executor.pause(upTo(.milliseconds(5))) }
    if chance(rates.slow) { await executor.pause(upTo(.seconds(3))) }
    if chance(rates.stall) {
      tell?(.fault, "stands still in a call (\(call))")
      await executor.pause(.seconds(5) + upTo(.seconds(15)))
    }
    if isDead {
      if mayArriveLate, random.next() % 2 == 0 { _ = try? await body() }
      throw gone(call)
    }
    if chance(rates.fail) {
      tell?(.fault, "a call fails (\(call))")
      throw SimFault(description: "\(call) failed")
    }
    let value = try await body()
    if isDead { throw gone(call) }
    if write, chance(rates.loseReply) {
      tell?(.fault, "a write is done, and its reply is lost (\(call))")
      throw SimFault(description: "\(call): the reply was lost")
    }
    return value
  }
}
