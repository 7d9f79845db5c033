// Three replicas over a replicated PostgreSQL, while they are killed and put to sleep, connections are cut, and the primary dies: nothing
// acknowledged is lost, nothing runs twice, and in the end all is as stated. Short here; ten minutes by `make soak`.
import Core
import Foundation
import TestSupport
import XCTest

final class SoakTests: XCTestCase {
  private static let environment = ProcessInfo.processInfo.environment
  /// How long things go wrong. `PLUMB_SOAK_SECONDS` and `PLUMB_SEED` change the run; a failure prints the seed.
  private static let seconds = environment["PLUMB_SOAK_SECONDS"].flatMap { Double($0) } ?? 20
  private static let seed = environment["PLUMB_SEED"].flatMap { UInt64($0) } ?? 7
  private static let replicas = 3
  private static let convergeSeconds = 120.0
  /// A replica sleeps for so long at most: in a long run for longer than its lease.
  private static let mostSleep = seconds > 120 ? 40.0 : 3.0

  func testThreeReplicasLoseNothing() throws {
    continueAfterFailure = false
    let note = "PLUMB_SEED=\(Self.seed)"
    let database = try ReplicatedPostgres(synchronous: true)
    let receiver = try CaseReceiver()
    let folder = try ServeProcess.newFolder()
    let servers = try (0..<Self.replicas).map {
      try ServeProcess(["--database", database.either], folder: folder, data: "replica\($0)")
    }
    addTeardownBlock {
      for server in servers {
        kill(server.pid, SIGCONT)
        server.removeAll()
      }
      receiver.stop()
      database.removeAll()
    }
    try servers[0].start()
    for server in servers.dropFirst() {
      try FileManager.default.createDirectory(at: server.data, withIntermediateDirectories: true)
      try FileManager.default.copyItem(
        at: servers[0].data.appendingPathComponent("key"), to: server.data.appendingPathComponent("key"))
      try server.start()
    }
    let ledger = try SoakLedger(servers, webhook: "http://127.0.0.1:\(receiver.port)/soak", seed: Self.seed)
    try ledger.prepare()

    // Until the end somebody writes, through whatever replica answers.
    ledger.begin()
    let chaos = SeededRandom(seed: Self.seed ^ 0xc4a05)
    let end = Date(timeIntervalSinceNow: Self.seconds)
    let failover = Date(timeIntervalSinceNow: Self.seconds / 2)
    var failedOver = false
    var done: [String: Int] = [:]
    while Date() < end {
      usleep(300_000 + UInt32(chaos.next() % 1_500_000))
      let server = servers[Int(chaos.next() % UInt64(servers.count))]
      if !failedOver, Date() >= failover {
        failedOver = true
        try database.failOver()
        done["failover", default: 0] += 1
        continue
      }
      switch chaos.next() % 4 {
      case 0, 1:
        server.kill9()
        usleep(UInt32(chaos.next() % 500_000))
        try server.spawn()
        done["kill", default: 0] += 1
      case 2:
        kill(server.pid, SIGSTOP)
        usleep(200_000 + UInt32(chaos.next() % UInt64(Self.mostSleep * 1_000_000)))
        kill(server.pid, SIGCONT)
        done["sleep", default: 0] += 1
      default:
        _ = try? database.query(
          failedOver ? "2" : "1", "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'plumb'"
        )
        done["cut", default: 0] += 1
      }
      XCTAssertEqual(ProcessScan.doubled(servers[0].data.path), [], "\(note): processes that run twice")
    }
    ledger.end()

    // Quiet: whoever is down is started, and all gets where it should.
    for server in servers where server.ended(within: 0.1) != nil || server.pid == 0 { try server.spawn() }
    for server in servers { try server.waitReady() }
    try ledger.check(note, within: Self.convergeSeconds)
    let rows = Database(address: database.either)
    try rows.checkFeed()
    let overdue = try rows.rows("SELECT uid, due FROM work WHERE due < clock_timestamp() - interval '30 seconds'")
    XCTAssertEqual(overdue, [], "\(note): work that nobody does")
    // A key in the journal stands for one effect: no key was sent with two contents, and none of class once twice.
    let unsure = try rows.rows("SELECT uid, step, state FROM effect WHERE state = 'i'")
    XCTAssertEqual(unsure, [], "\(note): steps that were intended and never resolved")
    try ledger.checkDeliveries(receiver, note, within: Self.convergeSeconds)
    let names = servers.flatMap { ProcessScan.replicas(of: $0.data.path) }.map {
      "\($0.environment["PLUMB_APP"] ?? "")/\($0.environment["PLUMB_REPLICA"] ?? "")"
    }
    XCTAssertEqual(names.sorted(), ["steady/0", "steady/1"], "\(note): processes")
    print(
      "soak: \(Int(Self.seconds)) s, \(done.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")); \(ledger.summary)"
    )
    for server in servers { XCTAssertEqual(server.stop(), 0, "\(note): exit code; log:\n\(server.log.suffix(1500))") }
  }
}
