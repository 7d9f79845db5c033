// What goes wrong in a simulation, and how often.
import Core

/// How often each fault happens, per thousand calls of a replica.
public struct FaultRates: Sendable {
  /// The call fails and nothing was done.
  public var fail = 0
  /// A write was done, and its reply is lost.
  public var loseReply = 0
  /// The call takes up to three seconds.
  public var slow = 0
  /// The replica stands still in this call, for longer than a lease may last.
  public var stall = 0
  /// The replica ends, before, in or after this call.
  public var crash = 0
  /// The replica does not reach the store for a while.
  public var cut = 0
  /// A signal is not delivered.
  public var dropSignal = 0
  /// A signal is delivered twice, or late.
  public var repeatSignal = 0
  /// A step fails.
  public var failStep = 0
  /// A step is taken, and its reply is lost.
  public var loseStep = 0
  public init() {}

  var isAny: Bool {
    [fail, loseReply, slow, stall, crash, cut, dropSignal, repeatSignal, failStep, loseStep].contains { $0 > 0 }
  }

  public static let none = FaultRates()

  /// Some seeds are calm, some are not; each has its own mixture.
  public static func drawn(_ random: any RandomSource) -> FaultRates {
    func rate(_ most: UInt64) -> Int { random.next() % 3 == 0 ? 0 : Int(random.next() % (most + 1)) }
    var rates = FaultRates()
    rates.fail = rate(60)
    rates.loseReply = rate(80)
    rates.slow = rate(60)
    rates.stall = rate(4)
    rates.crash = rate(12)
    rates.cut = rate(4)
    rates.dropSignal = rate(300)
    rates.repeatSignal = rate(300)
    rates.failStep = rate(150)
    rates.loseStep = rate(120)
    return rates
  }
}
