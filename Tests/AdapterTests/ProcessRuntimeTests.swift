// The process runtime with real processes: starts, ends, stops, health, adoption, and what goes wrong.
import Core
import Foundation
import Kinds
import Ports
import XCTest

@testable import ProcessRuntime

final class ProcessRuntimeTests: XCTestCase {
  private var folder = ""
  private var services: [ProcessService] = []
  private let metadata = ObjectMetadata(
    tenant: .rootTenant, uid: UID(high: 0x0199_0000_0000_7000, low: 0x8000_0000_0000_0042), kind: "App", name: "web",
    generation: 1, labels: [:],
    created: Timestamp(microseconds: 0))

  override func setUp() {
    folder = NSTemporaryDirectory() + "plumb-runtime-" + UUID().uuidString
  }

  override func tearDown() async throws {
    for service in services { await service.shutdown() }
    try? FileManager.default.removeItem(atPath: folder)
  }

  private func runtime() -> ProcessService {
    let service = ProcessService(directory: folder)
    services.append(service)
    return service
  }

  private func start(
    _ service: ProcessService, _ command: [String], index: Int = 0, key: String = UUID().uuidString, more: ObjectMap = [:]
  ) async -> StepReply {
    var arguments: ObjectMap = ["index": .int(index), "revision": "r1", "command": .list(command.map(Value.string)), "env": [:]]
    for (name, value) in more { arguments[name] = value }
    let step = Step(
      name: "start", service: "process", operation: "start", arguments: .object(arguments), kind: .probed, deadline: .seconds(15))
    return await service.perform(step, key: key, metadata: metadata)
  }

  private func stop(_ service: ProcessService, index: Int = 0, grace: Double = 5) async -> StepReply {
    let step = Step(
      name: "stop", service: "process", operation: "stop", arguments: ["index": .int(index), "graceSeconds": .double(grace)],
      kind: .idempotent,
      deadline: .seconds(20))
    return await service.perform(step, key: "stop", metadata: metadata)
  }

  private func replica(_ service: ProcessService, _ arguments: Value = .emptyObject) async throws -> Value {
    try await service.observe(metadata, operation: "observe", arguments: arguments)["replicas"].list?.first ?? .null
  }

  /// Waits until the first replica is so; the last observation on failure.
  private func wait(_ service: ProcessService, _ arguments: Value = .emptyObject, seconds: Double = 5, until: (Value) -> Bool)
    async throws -> Value
  {
    let end = Date().addingTimeInterval(seconds)
    while true {
      let seen = try await replica(service, arguments)
      if until(seen) { return seen }
      if Date() > end {
        XCTFail("not in time: \(JSON.text(seen))")
        return seen
      }
      try await Task.sleep(for: .milliseconds(20))
    }
  }

  func testEndIsNoticedAtOnceWithItsCode() async throws {
    let service = runtime()
    let reply = await start(service, ["/bin/sh", "-c", "exit 7"])
    XCTAssertEqual(reply.outcome, .done, JSON.text(reply.value))
    var wakes = service.wakes().makeAsyncIterator()
    let wake = await wakes.next()
    XCTAssertEqual(wake?.uid, metadata.uid)
    let seen = try await replica(service)
    XCTAssertEqual(seen["state"], "exited")
    XCTAssertEqual(seen["exitCode"], 7)
  }

  func testKillIsNoticedAndNamed() async throws {
    let service = runtime()
    let pid = await start(service, ["sleep", "60"]).value["pid"].int ?? 0
    XCTAssertGreaterThan(pid, 1)
    kill(pid_t(pid), SIGKILL)
    let began = Date()
    let seen = try await wait(service) { $0["state"] == "exited" }
    XCTAssertLessThan(Date().timeIntervalSince(began), 1)
    XCTAssertEqual(seen["signal"], 9)
  }

  func testStartTwiceStartsOnce() async throws {
    let service = runtime()
    let first = await start(service, ["sleep", "60"], key: "k1")
    let second = await start(service, ["sleep", "60"], key: "k1")
    XCTAssertEqual(first.value["pid"], second.value["pid"])
    let step = Step(name: "start", service: "process", operation: "start", arguments: .null, kind: .probed, deadline: .seconds(1))
    let known = await service.probe(step, key: "k1", metadata: metadata)
    XCTAssertEqual(known?.outcome, .done)
    let unknown = await service.probe(step, key: "k2", metadata: metadata)
    XCTAssertNil(unknown)
  }

  func testStopEndsTheWholeGroupEvenWhenItResists() async throws {
    let service = runtime()
    let pid = await start(service, ["/bin/sh", "-c", "trap '' TERM; sleep 61 & sleep 62; sleep 63"]).value["pid"].int ?? 0
    try await Task.sleep(for: .milliseconds(200))
    let reply = await stop(service, grace: 0.3)
    XCTAssertEqual(reply.outcome, .done)
    let seen = try await replica(service)
    XCTAssertEqual(seen["state"], "stopped")
    try await Task.sleep(for: .milliseconds(100))
    // Orphans that ended may still wait for init to collect them.
    let left = try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { Int32($0) }.filter { other in
      ProcessTable.entry(other).map { $0.session == Int32(pid) && $0.state != "Z" } ?? false
    }
    XCTAssertEqual(left, [], "something of the group still runs")
  }

  func testChildInheritsNothing() async throws {
    let service = runtime()
    setenv("PLUMB_TEST_SECRET", "x", 1)
    // Without close-on-exec, as a careless library would open it.
    let open = Glibc.open("/etc/passwd", O_RDONLY)
    defer { close(open) }
    _ = await start(
      service, ["/bin/sh", "-c", "env; ls -l /proc/self/fd; readlink /proc/self/fd/0; echo done"], more: ["env": ["A": "b c"]])
    _ = try await wait(service) { $0["state"] == "exited" }
    let logs = try await service.observe(metadata, operation: "logs", arguments: ["lines": 200])
    let lines = (logs.list?.first?["lines"].list ?? []).compactMap(\.string)
    XCTAssertTrue(lines.contains("A=b c"), "\(lines)")
    XCTAssertTrue(lines.contains("/dev/null"), "\(lines)")
    XCTAssertTrue(lines.contains("done"))
    XCTAssertFalse(
      lines.contains { $0.contains("PLUMB_TEST_SECRET") || $0.contains("/etc/passwd") || $0.contains("socket:") }, "\(lines)")
  }

  func testWrongCommandsAreNamed() async throws {
    let service = runtime()
    let plain = folder + "/plain"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    FileManager.default.createFile(atPath: plain, contents: Data("x".utf8), attributes: [.posixPermissions: 0o644])
    let broken = folder + "/broken"
    FileManager.default.createFile(
      atPath: broken, contents: Data("#!/no/such/interpreter\n".utf8), attributes: [.posixPermissions: 0o755])
    for (command, code) in [
      ("no-such-program-at-all", "command_not_found"), (plain, "not_executable"), (folder, "not_executable"),
      (broken, "command_not_found"),
    ] {
      let reply = await start(service, [command])
      XCTAssertEqual(reply.outcome, .failed)
      XCTAssertEqual(reply.value["error"]["code"].string, code, command)
      XCTAssertTrue(reply.value["error"]["message"].string?.contains(command) ?? false)
    }
    let world = try await service.observe(metadata, operation: "observe", arguments: ["command": ["no-such-program-at-all"]])
    XCTAssertEqual(world["commandError"]["code"], "command_not_found")
  }

  func testPortInUseIsNamed() async throws {
    let service = runtime()
    let holder = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(holder) }
    var address = LocalPort.loopback(0)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let port: Int = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        XCTAssertEqual(bind(holder, $0, length), 0)
        listen(holder, 1)
        getsockname(holder, $0, &length)
      }
      return Int(UInt16(bigEndian: pointer.pointee.sin_port))
    }
    let reply = await start(service, ["sleep", "60"], more: ["port": .int(port)])
    XCTAssertEqual(reply.value["error"]["code"], "port_in_use")
    XCTAssertTrue(reply.value["error"]["message"].string?.contains("\(port)") ?? false)
  }

  func testHealthOverHTTPAndTCP() async throws {
    let service = runtime()
    let check: Value = ["type": "http", "path": "/", "intervalSeconds": 0.2, "timeoutSeconds": 1, "startupSeconds": 20]
    let server = ["python3", "-m", "http.server", "--bind", "127.0.0.1", "$(PORT)"]
    XCTAssertTrue(FileManager.default.isExecutableFile(atPath: "/usr/bin/python3"), "scripts/test.sh installs python3")
    _ = await start(service, server, more: ["port": 0, "healthCheck": check])
    let seen = try await wait(service, ["healthCheck": check], seconds: 20) { $0["healthy"] == true }
    XCTAssertNotNil(seen["port"].int)
    let missing: Value = ["type": "http", "path": "/no-such-page", "intervalSeconds": 0.2, "startupSeconds": 0]
    let ill = try await wait(service, ["healthCheck": missing]) { $0["healthy"] == false }
    XCTAssertEqual(ill["healthError"], "answered 404")
    _ = try await wait(service, ["healthCheck": ["type": "tcp", "intervalSeconds": 0.2]]) { $0["healthy"] == true }
  }

  func testLaterPlumbAdoptsWhatStillRuns() async throws {
    // The first service is left as it is, as by kill -9.
    let first = runtime()
    let pid = await start(first, ["sleep", "60"], key: "k1").value["pid"]
    let second = runtime()
    let seen = try await replica(second)
    XCTAssertEqual(seen["pid"], pid)
    XCTAssertEqual(seen["state"], "running")
    let again = await start(second, ["sleep", "60"], key: "k2")
    XCTAssertEqual(again.value["pid"], pid, "a second process was started")
    kill(pid_t(pid.int ?? 0), SIGKILL)
    _ = try await wait(second) { $0["state"] == "exited" }
  }

  func testProcessThatWasNotWrittenDownIsFoundByItsMark() async throws {
    let first = runtime()
    let pid = await start(first, ["sleep", "60"], key: "k1").value["pid"]
    // As if plumb had died between the start and the record of the pid.
    let path = "\(folder)/\(metadata.uid)/0.json"
    var record = try JSON.parse(Array(FileManager.default.contents(atPath: path) ?? Data()))
    record["pid"] = 0
    record["state"] = "stopped"
    try Data(JSON.write(record)).write(to: URL(fileURLWithPath: path))
    let second = runtime()
    let seen = try await replica(second)
    XCTAssertEqual(seen["pid"], pid)
    XCTAssertEqual(seen["state"], "running")
  }

  func testLaterPlumbSeesWhatEnded() async throws {
    let first = runtime()
    let pid = await start(first, ["sleep", "60"]).value["pid"].int ?? 0
    let path = "\(folder)/\(metadata.uid)/0.json"
    let record = FileManager.default.contents(atPath: path) ?? Data()
    kill(pid_t(pid), SIGKILL)
    _ = try await wait(first) { $0["state"] == "exited" }
    try record.write(to: URL(fileURLWithPath: path))
    let second = runtime()
    let seen = try await replica(second)
    XCTAssertEqual(seen["state"], "exited")
    XCTAssertNotNil(seen["exitedAt"].string)
    var wakes = second.wakes().makeAsyncIterator()
    let wake = await wakes.next()
    XCTAssertEqual(wake?.uid, metadata.uid)
  }

  func testShutdownLeavesNoProcess() async throws {
    let service = runtime()
    let pid = await start(service, ["sleep", "60"]).value["pid"].int ?? 0
    await service.shutdown()
    XCTAssertEqual(kill(pid_t(pid), 0), -1)
    let seen = try await replica(service)
    XCTAssertEqual(seen["state"], "stopped", "a stop at shutdown is no crash")
  }

  func testLogsAreKeptAndBounded() async throws {
    let service = runtime()
    _ = await start(
      service,
      [
        "/bin/sh", "-c",
        "i=0; while [ $i -lt 40 ]; do head -c 100000 /dev/zero | tr '\\0' x; i=$((i+1)); sleep 0.05; done; "
          + "echo; echo last; sleep 60",
      ])
    let log = "\(folder)/\(metadata.uid)/0.log"
    try await Task.sleep(for: .seconds(5))
    let sizes = [log, log + ".1"].map { (try? FileManager.default.attributesOfItem(atPath: $0))?[.size] as? Int ?? 0 }
    XCTAssertGreaterThan(sizes[1], 0)
    XCTAssertLessThanOrEqual(sizes[1], LogFile.mostBytes)
    XCTAssertLessThan(sizes[0], 3 * LogFile.mostBytes)
    XCTAssertEqual(LogFile.lines(log, most: 1), ["last"])
  }

  func testForgetRemovesRecordsAndLogs() async throws {
    let service = runtime()
    _ = await start(service, ["sleep", "60"])
    let forget = Step(
      name: "forget", service: "process", operation: "forget", arguments: .null, kind: .idempotent, deadline: .seconds(5))
    let early = await service.perform(forget, key: "f", metadata: metadata)
    XCTAssertEqual(early.value["error"]["code"], "still_running")
    _ = await stop(service)
    let late = await service.perform(forget, key: "f", metadata: metadata)
    XCTAssertEqual(late.outcome, .done)
    let world = try await service.observe(metadata, operation: "observe", arguments: .emptyObject)
    XCTAssertEqual(world["known"], false)
  }
}
