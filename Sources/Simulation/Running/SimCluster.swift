// The replicas of a simulation: started, ended by their wires, started anew.
import Core
import Kinds
import Ports

/// Keeps so many replicas running until it is told to end. Everything runs on the simulation's only thread.
final class SimCluster: @unchecked Sendable {
  private let size: Int
  private let point: CrashPoint?
  private let skewed: Bool
  private let executor: SimExecutor
  private let seed: UInt64
  private let random: SeededRandom
  private let make: (ReplicaLink) -> SimReplica
  private let log: SimLog
  private var rates = FaultRates.none
  private var living: [Int: SimReplica] = [:]
  private var tasks: [Task<Void, Never>] = []
  private var started = 0
  private var endedFaults = 0
  private(set) var isEnding = false

  /// - Parameters:
  ///   - size: replicas that are kept running.
  ///   - skewed: their clocks differ.
  init(
    executor: SimExecutor, seed: UInt64, log: SimLog, size: Int = 2, point: CrashPoint? = nil, skewed: Bool = false,
    make: @escaping (ReplicaLink) -> SimReplica
  ) {
    self.size = size
    self.point = point
    self.skewed = skewed
    self.executor = executor
    self.seed = seed
    self.log = log
    self.make = make
    random = SeededRandom(seed: seed ^ 0xc1a5_7e12)
  }

  func start() { for slot in 0..<size { begin(slot) } }

  /// A replica whose API a client reaches; nil while none lives.
  func any() -> SimReplica? {
    let slots = living.keys.sorted()
    return slots.isEmpty ? nil : living[slots[Int(random.next() % UInt64(slots.count))]]
  }

  var faults: Int { endedFaults + living.values.reduce(0) { $0 + $1.link.faults } }
  var starts: Int { started }

  func fail(_ rates: FaultRates) {
    self.rates = rates
    for replica in living.values { replica.link.rates = rates }
  }

  func heal() {
    rates = .none
    for replica in living.values { replica.link.heal() }
  }

  /// Ends all replicas and waits for what they left on the wire.
  func end() async {
    isEnding = true
    for slot in living.keys.sorted() { living[slot]?.link.crash() }
    // Tasks may be added while others are waited for.
    var at = 0
    while at < tasks.count {
      await tasks[at].value
      at += 1
    }
  }

  private func begin(_ slot: Int) {
    started += 1
    let number = started
    let own = SeededRandom(seed: seed &* 31 &+ UInt64(number))
    let span = 2 * SkewedClock.most.microseconds
    let skew = skewed ? Duration.microseconds(Int(own.next() % UInt64(span)) - span / 2) : .zero
    let link = ReplicaLink(
      name: "r\(number)", executor: executor, random: own, rates: rates, point: point, skew: skew
    ) { [unowned self] in ended(slot, number) }
    let replica = make(link)
    living[slot] = replica
    running[number] = tasks.count
    tasks.append(Task(executorPreference: executor) { await replica.run() })
    log.add("\(link.name) starts")
  }

  private var running: [Int: Int] = [:]

  private func ended(_ slot: Int, _ number: Int) {
    log.add("r\(number) ends")
    endedFaults += living[slot]?.link.faults ?? 0
    living[slot] = nil
    if let task = running[number] { tasks[task].cancel() }
    guard !isEnding else { return }
    let pause = Duration.milliseconds(100 + Int(random.next() % 15_000))
    tasks.append(
      Task(executorPreference: executor) { [unowned self] in
        await executor.pause(pause)
        if !isEnding { begin(slot) }
      })
  }
}
