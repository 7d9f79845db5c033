// The App controller on the real process runtime: what the issue promises of a killed child, a change, a restart of plumb.
import Controllers
import Core
import Foundation
import Kinds
import Ports
import XCTest

@testable import ProcessRuntime

final class AppSupervisionTests: XCTestCase {
  /// The engine's loop over one app, driven by the runtime's wakes and by the controller's own looks.
  private final class Engine {
    let service: ProcessService
    let controller = AppController()
    var spec: ObjectMap
    var status: Value = .null
    var deleting = false
    var events: [(reason: String, message: String)] = []
    var decisions = 0
    private var replies: [StepReply] = []
    private let metadata = ObjectMetadata(
      tenant: .rootTenant, uid: UID(high: 0x0199_0000_0000_7000, low: 0x8000_0000_0000_0077), kind: "App", name: "web",
      generation: 1,
      labels: [:], created: Timestamp(microseconds: 0))

    init(_ folder: String, _ spec: ObjectMap) {
      service = ProcessService(directory: folder)
      self.spec = spec
    }

    /// Decides and acts until no step is left; the wait that is asked for then.
    func settle() async throws -> Duration? {
      while true {
        var input = ReconcileInput(
          spec: spec, metadata: metadata, deleting: deleting, status: status, replies: replies, now: SystemClock().now())
        let ask = controller.observation(input)
        input.world = try await service.observe(metadata, operation: ask?.operation ?? "", arguments: ask?.arguments ?? .null)
        let decision = controller.decide(input)
        decisions += 1
        status = decision.status
        events += decision.events.map { ($0.reason, $0.message) }
        replies = []
        if decision.finished || decision.steps.isEmpty { return decision.lookAgain }
        for step in decision.steps {
          let reply = await service.perform(step, key: step.name, metadata: metadata)
          replies.append(reply)
          if reply.outcome != .done { break }
        }
      }
    }

    /// Settles again and again until `done`, for at most `seconds`.
    func run(seconds: Double = 15, until done: (Engine) -> Bool) async throws -> Bool {
      let end = Date().addingTimeInterval(seconds)
      while Date() < end {
        let wait = try await settle()
        if done(self) { return true }
        try await Task.sleep(for: min(wait ?? .milliseconds(50), .milliseconds(50)))
      }
      return false
    }

    var isReady: Bool {
      (status["conditions"].list ?? []).compactMap { Condition($0) }.contains { $0.type == "Ready" && $0.truth == .yes }
    }
    var pids: [Int] { (status["pids"].list ?? []).compactMap(\.int) }
  }

  private var folder = ""
  override func setUp() { folder = NSTemporaryDirectory() + "plumb-app-" + UUID().uuidString }
  override func tearDown() { try? FileManager.default.removeItem(atPath: folder) }

  func testKilledChildIsBackWithinTwoSecondsAndTheEventSaysWhy() async throws {
    let engine = Engine(folder, ["command": ["sleep", "600"]])
    let up = try await engine.run { $0.isReady }
    XCTAssertTrue(up, JSON.text(engine.status))
    for _ in 0..<3 {
      let before = try XCTUnwrap(engine.pids.first)
      kill(pid_t(before), SIGKILL)
      let began = Date()
      let back = try await engine.run { ($0.pids.first ?? before) != before }
      XCTAssertTrue(back)
      XCTAssertLessThan(Date().timeIntervalSince(began), 2)
      let ready = try await engine.run { $0.isReady }
      XCTAssertTrue(ready)
    }
    XCTAssertTrue(
      engine.events.contains { $0.reason == "Restarted" && $0.message.contains("signal 9 (SIGKILL)") }, "\(engine.events)")
    await engine.service.shutdown()
  }

  func testScaleChangeStopAndDelete() async throws {
    let engine = Engine(folder, ["command": ["sleep", "601"], "replicas": 3])
    var done = try await engine.run { $0.isReady && $0.pids.count == 3 }
    XCTAssertTrue(done, JSON.text(engine.status))
    let first = Set(engine.pids)
    engine.spec["env"] = ["RELEASE": "2"]
    done = try await engine.run { $0.isReady && Set($0.pids).isDisjoint(with: first) }
    XCTAssertTrue(done, JSON.text(engine.status))
    engine.spec["replicas"] = 1
    done = try await engine.run { $0.isReady && $0.pids.count == 1 }
    XCTAssertTrue(done)
    engine.spec["running"] = false
    done = try await engine.run { $0.isReady && $0.pids.isEmpty }
    XCTAssertTrue(done)
    XCTAssertEqual(engine.status["phase"], "Stopped")
    let before = engine.decisions
    let wait = try await engine.settle()
    XCTAssertNil(wait, "a stopped app asks for no further look")
    XCTAssertEqual(engine.decisions, before + 1)
    engine.deleting = true
    _ = try await engine.settle()
    XCTAssertFalse(FileManager.default.fileExists(atPath: folder + "/01990000-0000-7000-8000-000000000077"))
    await engine.service.shutdown()
  }

  func testLaterPlumbTakesOverWithoutASecondStart() async throws {
    let first = Engine(folder, ["command": ["sleep", "602"], "replicas": 2])
    var up = try await first.run { $0.isReady }
    XCTAssertTrue(up)
    let pids = first.pids
    // The first engine is left as by kill -9: neither its status nor its children are touched.
    let second = Engine(folder, first.spec)
    second.status = first.status
    up = try await second.run { $0.isReady }
    XCTAssertTrue(up)
    XCTAssertEqual(second.pids, pids)
    XCTAssertTrue(second.events.isEmpty, "\(second.events)")
    await second.service.shutdown()
    for pid in pids { XCTAssertFalse(ProcessTable.entry(Int32(pid)).map { $0.state != "Z" } ?? false) }
  }

  func testGracefulStopIsNoCrash() async throws {
    let first = Engine(folder, ["command": ["sleep", "603"]])
    var up = try await first.run { $0.isReady }
    XCTAssertTrue(up)
    await first.service.shutdown()
    let second = Engine(folder, first.spec)
    second.status = first.status
    up = try await second.run { $0.isReady }
    XCTAssertTrue(up)
    XCTAssertNotEqual(second.pids, first.pids)
    XCTAssertEqual(second.events.map(\.reason), ["Started"])
    await second.service.shutdown()
  }

  func testUnhealthyReplicaIsReplaced() async throws {
    XCTAssertTrue(FileManager.default.isExecutableFile(atPath: "/usr/bin/python3"), "scripts/test.sh installs python3")
    let port = try XCTUnwrap(LocalPort.anyFree())
    let engine = Engine(
      folder,
      [
        "command": ["python3", "-m", "http.server", "--bind", "127.0.0.1", "$(PORT)"], "port": .int(port),
        "healthCheck": ["type": "http", "path": "/", "intervalSeconds": 0.2, "timeoutSeconds": 0.3, "startupSeconds": 20],
      ])
    let up = try await engine.run(seconds: 25) { $0.isReady }
    XCTAssertTrue(up, JSON.text(engine.status))
    let before = try XCTUnwrap(engine.pids.first)
    // It lives, but answers no more.
    kill(pid_t(before), SIGSTOP)
    let ill = try await engine.run { $0.events.contains { $0.reason == "Unhealthy" } }
    XCTAssertTrue(ill, JSON.text(engine.status))
    let back = try await engine.run(seconds: 40) { $0.isReady && $0.pids.first != before }
    XCTAssertTrue(back, JSON.text(engine.status))
    await engine.service.shutdown()
  }
}
