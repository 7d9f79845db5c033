// The engine in a simulated world: many seeds, each with faults of its own, all must end as if there had been none.
import Controllers
import Core
import Foundation
import KindLoading
import Kinds
import TestSupport
import XCTest

final class SimulationTests: XCTestCase {
  /// Seeds of a run; `make soak` asks for more.
  static let usualSeeds = 150
  /// Scenarios of which single crashes are tried, and the most of them in each.
  static let crashSeeds: [UInt64] = [3, 11]
  static let usualCrashes = 15
  /// Every such seed runs without faults too.
  static let comparedEvery: UInt64 = 8
  /// A planted bug must be found among the first of them.
  static let seedsForABug: UInt64 = 500

  private static let simulation = Result<Simulation, Error> {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let catalog = try KindLoader.load(root.appendingPathComponent("specs"))
    return Simulation(catalog: catalog, controllers: ControllerRegistry.all, cleanup: ControllerRegistry.cleanup)
  }

  private static func number(_ name: String) -> UInt64? { ProcessInfo.processInfo.environment[name].flatMap { UInt64($0) } }

  /// The seeds to run: one alone when it is named, with its whole log.
  func testFaultsLeaveNoTrace() throws {
    let simulation = try Self.simulation.get()
    if let seed = Self.number("PLUMB_SEED") {
      let outcome = simulation.check(seed: seed, compared: true, verbose: true)
      for line in outcome.log { print(line) }
      return XCTAssertEqual(outcome.faults, [], outcome.description)
    }
    let first = Self.number("PLUMB_FIRST_SEED") ?? 1
    var injected = 0
    var replicas = 0
    for seed in first..<first + (Self.number("PLUMB_SEEDS") ?? UInt64(Self.usualSeeds)) {
      let outcome = simulation.check(seed: seed, compared: seed % Self.comparedEvery == 0)
      injected += outcome.injected
      replicas += outcome.replicas
      if !outcome.faults.isEmpty { XCTFail(outcome.description) }
    }
    XCTAssertGreaterThan(injected, 0, "no fault was ever injected")
    print("\(injected) faults, \(replicas) replicas")
  }

  func testASeedRunsTheSameTwice() throws {
    let simulation = try Self.simulation.get()
    var traces: Set<UInt64> = []
    let seeds: ClosedRange<UInt64> = 1...10
    for seed in seeds {
      let one = simulation.run(seed: seed, faulty: true, verbose: true)
      let two = simulation.run(seed: seed, faulty: true, verbose: true)
      XCTAssertEqual(one.trace, two.trace, "seed \(seed) ran in two ways")
      XCTAssertEqual(one.log, two.log, "seed \(seed) did two things")
      XCTAssertEqual(one.steps, two.steps, "seed \(seed) took more steps once")
      traces.insert(one.trace)
    }
    XCTAssertEqual(traces.count, seeds.count, "different seeds ran the same way")
  }

  /// A simulator that does not find bugs that are there proves nothing.
  func testPlantedBugsAreFound() throws {
    let simulation = try Self.simulation.get()
    let signs: [PlantedBug: String] = [
      .staleDelete: "a pool that is gone", .repeatedOnce: "a step of class once was repeated",
      .repeatedEffect: "a copy that was running",
      .missedWake: "", .ignoredFence: "under epoch", .hashFirst: "runs copies", .earlyStatus: "which was never started",
      .orphan: "there is no such app", .lateCommitter: "missed the changes", .lostDelivery: "was not told of",
      .commitFirst: "git states",
    ]
    for bug in PlantedBug.allCases {
      let found = (1...Self.seedsForABug).lazy.compactMap { seed -> SimulationOutcome? in
        let outcome = simulation.run(seed: seed, faulty: true, bug: bug)
        return outcome.faults.contains { $0.contains(signs[bug] ?? "") || signs[bug] == "" } ? outcome : nil
      }.first
      guard let found else {
        XCTFail("\(bug) was not found in \(Self.seedsForABug) seeds")
        continue
      }
      print("\(bug): seed \(found.seed), \(found.faults[0])")
    }
  }

  /// One crash before, and one after, each write to the store and each outside effect: a sample of them here, all with PLUMB_CRASHES.
  func testACrashAtAnyWriteLeavesNoTrace() throws {
    let simulation = try Self.simulation.get()
    let most = Self.number("PLUMB_CRASHES").map(Int.init) ?? Self.usualCrashes
    for seed in Self.crashSeeds {
      let calm = simulation.run(seed: seed, faulty: false, point: CrashPoint(at: -1, after: false))
      XCTAssertEqual(calm.faults, [], "seed \(seed) without a crash")
      XCTAssertGreaterThan(calm.writes, 50)
      for at in stride(from: 0, to: calm.writes, by: max(1, calm.writes / most)) {
        for after in [false, true] {
          let outcome = simulation.run(seed: seed, faulty: false, point: CrashPoint(at: at, after: after))
          let what = "seed \(seed), crash \(after ? "after" : "before") write \(at)"
          XCTAssertEqual(outcome.faults, [], what)
          XCTAssertEqual(outcome.world, calm.world, "\(what): it ended in another world")
        }
      }
    }
  }
}
