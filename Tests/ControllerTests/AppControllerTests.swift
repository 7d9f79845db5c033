// The App controller: convergent from any world, never two processes of one replica, honest about what it waits for.
import Controllers
import Core
import Kinds
import XCTest

final class AppControllerTests: XCTestCase {
  private func spec(_ more: ObjectMap = [:]) -> ObjectMap {
    var spec: ObjectMap = ["command": ["serve", "--port", "$(PORT)"], "port": 8080, "replicas": 1]
    for (key, value) in more { spec[key] = value }
    return spec
  }

  func testConvergesFromAnyWorld() {
    for seed in 1...300 as ClosedRange<UInt64> {
      var random = RandomGenerator(SeededRandom(seed: seed))
      let world = AppWorld(spec: spec(["replicas": .int(Int.random(in: 0...4, using: &random))]))
      if Bool.random(using: &random) {
        world.spec["healthCheck"] = ["type": "http", "path": "/"]
        world.health = true
      }
      for index in 0..<Int.random(in: 0...5, using: &random) {
        let state = ["running", "exited", "stopped"].randomElement(using: &random)!
        world.processes[index] = .init(
          pid: index + 1, state: state, revision: Bool.random(using: &random) ? "old" : "older",
          startedAt: world.now - .seconds(60),
          exitedAt: state == "running" ? nil : world.now - .seconds(1), healthy: world.health)
      }
      for _ in 0..<Int.random(in: 0...6, using: &random) {
        world.turn()
        switch Int.random(in: 0..<5, using: &random) {
        case 0: world.spec["replicas"] = .int(Int.random(in: 0...4, using: &random))
        case 1: world.spec["env"] = ["A": .int(Int.random(in: 0...3, using: &random))]
        case 2: world.kill(Int.random(in: 0...3, using: &random))
        case 3: world.spec["running"] = .bool(Bool.random(using: &random))
        default: world.now = world.now + .seconds(3)
        }
      }
      XCTAssertTrue(world.settle(), "seed \(seed): does not settle: \(world.status)")
      let wanted = world.spec["running"]?.bool == false ? 0 : world.spec["replicas"]?.int ?? 1
      XCTAssertEqual(world.running, Array(0..<wanted), "seed \(seed)")
      XCTAssertLessThanOrEqual(world.revisions.count, 1, "seed \(seed)")
      XCTAssertEqual(world.condition("Ready")?.truth, .yes, "seed \(seed): \(world.status)")
      XCTAssertEqual(world.faults, [], "seed \(seed)")
      let before = (world.status, world.stepsTaken)
      let again = world.turn()
      XCTAssertTrue(again.steps.isEmpty && again.events.isEmpty && again.records.isEmpty, "seed \(seed): a settled app moved")
      XCTAssertEqual(world.status, before.0, "seed \(seed): a settled status moved")
    }
  }

  func testKilledProcessIsBackAtOnceAndSaysWhy() {
    let world = AppWorld(spec: spec())
    XCTAssertTrue(world.settle())
    world.now = world.now + .seconds(60)
    world.kill(0)
    let decision = world.turn()
    XCTAssertEqual(decision.steps.map(\.operation), ["start"])
    XCTAssertEqual(decision.events.map(\.reason), ["Exited", "Restarted"])
    XCTAssertTrue(decision.events[1].message.contains("killed by signal 9 (SIGKILL)"), decision.events[1].message)
    XCTAssertEqual(decision.records.map { $0.row["type"]?.string }, ["exited", "restarted"])
    XCTAssertTrue(world.settle())
    XCTAssertEqual(world.status["restarts"], 1)
  }

  func testCrashLoopBacksOff() {
    let world = AppWorld(spec: spec(["restart": ["initialSeconds": 1, "maxSeconds": 60]]))
    var starts: [Timestamp] = []
    for _ in 0..<400 {
      let decision = world.turn()
      if decision.steps.contains(where: { $0.operation == "start" }) {
        starts.append(world.now)
        world.now = world.now + .milliseconds(10)
        world.kill(0, code: 3)
      } else {
        world.now = world.now + (decision.lookAgain ?? .seconds(1))
      }
      if starts.count == 12 { break }
    }
    let gaps = zip(starts.dropFirst(), starts).map { ($0 - $1).inSeconds }
    XCTAssertEqual(gaps.count, 11)
    for (a, b) in zip(gaps.dropFirst(), gaps) { XCTAssertGreaterThanOrEqual(a + 0.02, min(b, 60)) }
    XCTAssertLessThan(gaps[0], 1.5)
    XCTAssertEqual(gaps.last ?? 0, 60, accuracy: 0.1)
    XCTAssertEqual(world.condition("Ready")?.reason, "CrashLoop")
    XCTAssertTrue(world.condition("Ready")?.message.contains("exited with code 3") ?? false, "\(world.status)")
  }

  func testChangeReplacesOneAtATime() {
    let world = AppWorld(spec: spec(["replicas": 3]))
    XCTAssertTrue(world.settle())
    world.spec["env"] = ["RELEASE": "2"]
    var least = 3
    for _ in 0..<60 {
      let decision = world.turn()
      least = min(least, world.running.count)
      let touched = Set(decision.steps.compactMap { $0.arguments["index"].int })
      XCTAssertLessThanOrEqual(touched.count, 1)
      world.now = world.now + (decision.lookAgain ?? .milliseconds(100))
    }
    XCTAssertEqual(world.revisions.count, 1)
    XCTAssertEqual(world.condition("Ready")?.truth, .yes)
    XCTAssertEqual(world.faults, [])
  }

  func testFailedChangeKeepsTheOldReplicas() {
    let world = AppWorld(spec: spec(["replicas": 3]))
    world.spec["healthCheck"] = ["type": "tcp"]
    world.health = true
    XCTAssertTrue(world.settle())
    let old = world.revisions
    world.spec["env"] = ["BROKEN": "1"]
    world.health = false
    for _ in 0..<40 {
      let decision = world.turn()
      world.now = world.now + (decision.lookAgain ?? .seconds(1))
    }
    XCTAssertEqual(world.processes.values.filter { old.contains($0.revision) && $0.state == "running" }.count, 2)
    XCTAssertEqual(world.condition("Progressing")?.reason, "RolloutFailed")
    XCTAssertEqual(world.condition("Ready")?.truth, .no)
  }

  func testMissingCommandStopsNothing() {
    let world = AppWorld(spec: spec())
    XCTAssertTrue(world.settle())
    world.spec["command"] = ["no-such-program"]
    world.commandError = ["code": "command_not_found", "message": "command not found: no-such-program"]
    XCTAssertTrue(world.settle())
    XCTAssertEqual(world.running, [0])
    XCTAssertEqual(world.condition("Ready")?.reason, "CommandNotFound")
    XCTAssertEqual(world.condition("Progressing")?.reason, "RolloutFailed")
  }

  func testPortInUseIsSaid() {
    let world = AppWorld(spec: spec())
    world.startError = { _ in ["code": "port_in_use", "message": "port 8080 is in use by another program"] }
    for _ in 0..<4 {
      world.turn()
      world.now = world.now + .milliseconds(100)
    }
    XCTAssertEqual(world.condition("Ready")?.reason, "PortInUse")
    XCTAssertTrue(world.condition("Ready")?.message.contains("port 8080") ?? false)
    world.startError = { _ in nil }
    XCTAssertTrue(world.settle())
    XCTAssertEqual(world.condition("Ready")?.truth, .yes)
  }

  func testDeletingStopsThenForgets() {
    let world = AppWorld(spec: spec(["replicas": 2]))
    XCTAssertTrue(world.settle())
    world.deleting = true
    XCTAssertTrue(world.settle())
    XCTAssertEqual(world.processes.count, 0)
    XCTAssertTrue(world.turn().finished)
  }

  func testProjectVariablesReachTheProcess() {
    let project = UID(high: 9, low: 9)
    let world = AppWorld(spec: spec(["project": .string(project.description), "env": ["A": "own"]]))
    var shared: [Value] = [
      ["spec": ["key": "A", "value": "shared"]], ["spec": ["key": "B", "secretValue": "s3cret", "stageBindings": ["runtime"]]],
      ["spec": ["key": "C", "value": "x", "stageBindings": ["build"]]],
    ]
    world.needed = { $0.name == "variables" ? shared : [] }
    let start = world.turn().steps.first
    XCTAssertEqual(start?.arguments["env"], ["A": "own", "B": "s3cret"])
    XCTAssertEqual(start?.sensitive, true)
    XCTAssertFalse(JSON.text(world.status).contains("s3cret"))
    XCTAssertTrue(world.settle())
    let before = world.revisions
    shared[1]["spec"]["secretValue"] = "other"
    XCTAssertTrue(world.settle())
    XCTAssertNotEqual(world.revisions, before)
  }

  func testNoCommandIsNotBuilt() {
    let world = AppWorld(spec: ["image": "registry/app:1"])
    XCTAssertTrue(world.settle())
    XCTAssertEqual(world.status["phase"], "NotBuilt")
    XCTAssertEqual(world.condition("Ready")?.truth, .no)
    XCTAssertEqual(world.condition("Progressing")?.truth, .yes)
  }
}
