// Apps of a plumb that root runs: not root, and each another account. Needs root, as CI has.
import Core
import Foundation
import Kinds
import Ports
import XCTest

@testable import ProcessRuntime

final class AppAccountTests: XCTestCase {
  private var folder = ""
  private var services: [ProcessService] = []

  override func setUpWithError() throws {
    folder = NSTemporaryDirectory() + "plumb-accounts-" + UUID().uuidString
  }

  override func tearDown() async throws {
    for service in services { await service.shutdown() }
    try? FileManager.default.removeItem(atPath: folder)
  }

  private func runtime(_ accounts: AppAccounts) -> ProcessService {
    let service = ProcessService(directory: folder + "/apps", accounts: accounts)
    services.append(service)
    return service
  }

  private func app(_ number: UInt64) -> ObjectMetadata {
    ObjectMetadata(
      tenant: .rootTenant, uid: UID(high: 0x0199_0000_0000_7000, low: 0x8000_0000_0000_0000 | number), kind: "App",
      name: "app-\(number)", generation: 1, labels: [:], created: Timestamp(microseconds: 0))
  }

  private func start(_ service: ProcessService, _ app: ObjectMetadata, _ script: String) async -> StepReply {
    let step = Step(
      name: "start", service: "process", operation: "start",
      arguments: ["index": 0, "revision": "r1", "command": ["/bin/sh", "-c", .string(script)], "env": [:]], kind: .probed,
      deadline: .seconds(15))
    return await service.perform(step, key: UUID().uuidString, metadata: app)
  }

  private func lines(_ service: ProcessService, _ app: ObjectMetadata, until last: String) async throws -> [String] {
    for _ in 0..<250 {
      let seen = try await service.observe(app, operation: "logs", arguments: .emptyObject)
      let lines = (seen.list?.first?["lines"].list ?? []).compactMap(\.string)
      if lines.last == last { return lines }
      try await Task.sleep(for: .milliseconds(20))
    }
    XCTFail("the log does not end with \(last)")
    return []
  }

  func testEachAppIsAnAccountOfItsOwnWithoutPrivileges() async throws {
    try XCTSkipUnless(geteuid() == 0, "Only root can run apps as others.")
    let service = runtime(.range(62_000...62_010))
    let script = "id -u; id -G; grep NoNewPrivs /proc/self/status | tr -d '\\t'; touch mine && echo wrote; echo done; sleep 60"
    for (number, uid) in [(UInt64(1), "62000"), (2, "62001")] {
      let reply = await start(service, app(number), script)
      XCTAssertEqual(reply.outcome, .done, JSON.text(reply.value))
      let lines = try await lines(service, app(number), until: "done")
      XCTAssertEqual(lines, [uid, uid, "NoNewPrivs:1", "wrote", "done"])
    }
    // Neither the other's environment and home, nor its own records and log.
    let other = try await service.observe(app(1), operation: "observe", arguments: .emptyObject)["replicas"].list?.first?["pid"]
      .int
    let pid = try XCTUnwrap(other)
    let curious = """
      cat /proc/\(pid)/environ && echo read the environment
      ls ../../\(app(1).uid)/home && echo read the home
      kill \(pid) && echo killed
      cat ../0.log && echo read the log
      cat ../0.json && echo read the record
      echo x > ../planted && echo planted
      echo end
      """
    _ = await start(service, app(3), curious)
    let told = try await lines(service, app(3), until: "end")
    for word in ["read", "killed", "planted"] {
      XCTAssertFalse(told.contains { $0.hasPrefix(word) }, told.joined(separator: "\n"))
    }
    XCTAssertEqual(kill(pid_t(pid), 0), 0)
  }

  func testAnAppKeepsItsAccountAndFreesItWhenItGoes() async throws {
    try XCTSkipUnless(geteuid() == 0, "Only root can run apps as others.")
    let service = runtime(.range(62_000...62_001))
    func uid(_ number: UInt64) async throws -> String? {
      let reply = await start(service, app(number), "id -u; echo done")
      if reply.outcome != .done { return reply.value["error"]["code"].string }
      return try await lines(service, app(number), until: "done").suffix(2).first
    }
    func forget(_ number: UInt64) async -> StepReply {
      let step = Step(
        name: "forget", service: "process", operation: "forget", arguments: .emptyObject, kind: .idempotent, deadline: .seconds(5)
      )
      return await service.perform(step, key: "f", metadata: app(number))
    }
    let first = try await [uid(1), uid(2), uid(3)]
    XCTAssertEqual(first, ["62000", "62001", "no_account_free"])
    let gone = await forget(1)
    XCTAssertEqual(gone.outcome, .done)
    let then = try await [uid(2), uid(3)]
    XCTAssertEqual(then, ["62001", "62000"])
  }

  func testAProgramThatTheAccountCannotReachIsNamed() async throws {
    try XCTSkipUnless(geteuid() == 0, "Only root can run apps as others.")
    let hidden = folder + "/hidden"
    try FileManager.default.createDirectory(
      atPath: hidden, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    try FileManager.default.copyItem(atPath: "/bin/true", toPath: hidden + "/tool")
    let step = Step(
      name: "start", service: "process", operation: "start",
      arguments: ["index": 0, "revision": "r1", "command": [.string(hidden + "/tool")], "env": [:]], kind: .probed,
      deadline: .seconds(15))
    let reply = await runtime(.range(62_000...62_000)).perform(step, key: "k", metadata: app(1))
    XCTAssertEqual(reply.value["error"]["code"], "not_executable")
    XCTAssert(reply.value["error"]["message"].string?.contains("account 62000") ?? false, JSON.text(reply.value))
  }

  func testWhatAnOperatorMayName() throws {
    if geteuid() == 0 {
      XCTAssertEqual(try AppAccounts.choose(nil), .range(AppAccounts.standardRange))
      XCTAssertEqual(try AppAccounts.choose("root"), .own)
      XCTAssertEqual(try AppAccounts.choose("70000-70010"), .range(70_000...70_010))
      for bad in ["0-5", "9-3", "nobody-at-all-here", "1-2-3", ""] { XCTAssertThrowsError(try AppAccounts.choose(bad), bad) }
    } else {
      XCTAssertEqual(try AppAccounts.choose(nil), .own)
      XCTAssertThrowsError(try AppAccounts.choose("70000-70010"))
      XCTAssertThrowsError(try AppAccounts.choose("root"))
    }
  }
}
