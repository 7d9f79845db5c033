// Several `plumb serve` over one PostgreSQL: they share the work, processes stay with their host, and one that lost its lease changes
// nothing.
import Core
import Foundation
import TestSupport
import XCTest

final class ReplicaTests: XCTestCase {
  /// Longer than the lease (24 s) and a renewal (6 s).
  private static let takeoverSeconds = 120.0
  private static let readySeconds = 120.0

  /// Replicas over a new database, the first one started. They share the key that secrets are sealed with.
  private func replicas(_ count: Int) async throws -> (servers: [ServeProcess], database: Database) {
    let address = try await TestPostgres.shared.database(laidOut: false).connection
    let folder = try ServeProcess.newFolder()
    let servers = try (0..<count).map { try ServeProcess(["--database", address], folder: folder, data: "replica\($0)") }
    addTeardownBlock { for server in servers { server.removeAll() } }
    try servers[0].start()
    for server in servers.dropFirst() {
      try FileManager.default.createDirectory(at: server.data, withIntermediateDirectories: true)
      try FileManager.default.copyItem(
        at: servers[0].data.appendingPathComponent("key"), to: server.data.appendingPathComponent("key"))
    }
    return (servers, Database(address: address))
  }

  private func wait(
    _ seconds: Double, _ what: String, file: StaticString = #filePath, line: UInt = #line, until: () throws -> Bool
  ) throws {
    let end = Date(timeIntervalSinceNow: seconds)
    while Date() < end {
      if try until() { return }
      usleep(100_000)
    }
    XCTFail("not within \(seconds) s: \(what)", file: file, line: line)
  }

  private func apps(_ names: [String], port: Int, moved: String = "0") -> String {
    names.enumerated().map { n, name in
      """
      apiVersion: deploy/v1
      kind: App
      metadata: {name: \(name)}
      spec: {command: ["\(CaseServer.binary.path)", hello], port: \(port + 2 * n), replicas: 2, env: {MOVED: "\(moved)"}}
      """
    }.joined(separator: "\n---\n")
  }

  private func processes(_ servers: [ServeProcess]) -> [ProcessScan.Replica] {
    servers.flatMap { ProcessScan.replicas(of: $0.data.path) }
  }

  private func holders(_ database: Database) throws -> [String: Int] {
    Dictionary(
      uniqueKeysWithValues: try database.rows(
        "SELECT holder, count(*) FROM shard WHERE host IS NULL AND holder IS NOT NULL GROUP BY 1"
      )
      .map { ($0[0], Int($0[1]) ?? 0) })
  }

  func testReplicasShareTheWorkAndNoProcessRunsTwice() async throws {
    let (servers, database) = try await replicas(3)
    let ports = try CaseSocket.freePorts(8)
    let names = ["one", "two", "three", "four"]
    XCTAssertEqual(try servers[0].client.apply("apps", apps(names, port: ports)).status, 200)
    XCTAssertNil(try servers[0].client.unready("apps", within: Self.readySeconds))
    let first = Set(processes(servers))
    XCTAssertEqual(first.count, 8)

    // Two more come, and take their shares of the work; what runs goes on where it is.
    for (n, server) in servers.enumerated().dropFirst() {
      try server.start()
      try wait(Self.takeoverSeconds, "\(n + 1) replicas hold shards") { try holders(database).count == n + 1 }
    }
    XCTAssertEqual(try holders(database).values.reduce(0, +), 64)
    for (n, server) in servers.enumerated() {
      let text = (0..<30).map { "apiVersion: deploy/v1\nkind: ServerPool\nmetadata: {name: p\(n)-\($0)}\nspec: {region: r}\n" }
        .joined(separator: "---\n")
      XCTAssertEqual(try server.client.apply("pools-\(n)", text).status, 200)
      XCTAssertNil(try servers[(n + 1) % 3].client.unready("pools-\(n)", within: Self.readySeconds), "replica \(n)")
    }
    XCTAssertEqual(try servers[2].client.objects("ServerPool").count, 90)
    XCTAssertEqual(Set(processes(servers)), first, "processes moved, doubled or were restarted")

    // A change that another replica took is done where the processes are.
    XCTAssertEqual(try servers[2].client.apply("apps", apps(names, port: ports, moved: "1")).status, 200)
    XCTAssertNil(try servers[1].client.unready("apps", within: Self.readySeconds))
    let second = processes(servers)
    XCTAssertEqual(second.map(\.id).sorted(), first.map(\.id).sorted())
    XCTAssertEqual(Set(second.map { $0.environment["MOVED"] }), ["1"])

    // A graceful stop stops its processes; their apps go to another host after a while.
    XCTAssertEqual(servers[0].stop(), 0)
    XCTAssertEqual(processes([servers[0]]), [])
    try wait(Self.takeoverSeconds, "the apps of the host that left run elsewhere") { processes(servers).count == 8 }
    XCTAssertNil(try servers[1].client.unready("apps", within: Self.readySeconds))
    XCTAssertEqual(processes(servers).map(\.id).sorted(), first.map(\.id).sorted())
    try database.checkFeed()
    for server in servers.dropFirst() { XCTAssertEqual(server.stop(), 0) }
  }

  /// SIGSTOP longer than the lease, with a call in flight; then SIGCONT. Then kill -9 of the one whose children run.
  func testAReplicaThatLostItsLeaseChangesNothing() async throws {
    let receiver = try CaseReceiver()
    defer { receiver.stop() }
    let (servers, database) = try await replicas(2)
    let (sleeper, other) = (servers[0], servers[1])
    let ports = try CaseSocket.freePorts(2)
    XCTAssertEqual(try sleeper.client.apply("apps", apps(["one"], port: ports)).status, 200)
    XCTAssertNil(try sleeper.client.unready("apps", within: Self.readySeconds))
    let running = Set(processes(servers))
    let sleeping = try XCTUnwrap(try holders(database).keys.first)
    try other.start()
    try wait(Self.takeoverSeconds, "two replicas hold shards") { try holders(database).count == 2 }

    // Webhooks whose answers come late, until one of them is in a shard of the replica that will sleep.
    var path = ""
    for n in 0..<30 where path.isEmpty {
      let hook = """
        apiVersion: platform/v1
        kind: Webhook
        metadata: {name: late-\(n)}
        spec: {url: "http://127.0.0.1:\(receiver.port)/wait/3/\(n)", objectTypes: [Project], events: [project.created]}
        """
      XCTAssertEqual(try other.client.apply("hook-\(n)", hook).status, 200)
      let uid = try XCTUnwrap(try other.client.must("GET", "/plumb/v1/objects/Webhook/late-\(n)")["metadata"]["uid"].string)
      let held = try database.rows("SELECT s.holder FROM shard s WHERE s.id = shard_of('\(uid)')").first?.first
      if held == sleeping {
        path = "/wait/3/\(n)"
      } else {
        try other.client.must("DELETE", "/plumb/v1/objects/Webhook/late-\(n)")
      }
    }
    XCTAssertFalse(path.isEmpty)
    XCTAssertEqual(try other.client.call("POST", "/deploy/api/projects", ["name": "p", "slug": "p"]).status, 201)
    try wait(Self.readySeconds, "the delivery is on its way") { !receiver.requests(to: path).isEmpty }
    kill(sleeper.pid, SIGSTOP)
    defer { kill(sleeper.pid, SIGCONT) }
    try wait(Self.takeoverSeconds, "the other has all shards") { try holders(database)[sleeping] == nil }
    try wait(Self.readySeconds, "the delivery is made and recorded by the other") {
      try !other.client.objects("WebhookDelivery").isEmpty
    }
    // Work goes on, and what runs on the host of the sleeper runs on there, once.
    let pool = "apiVersion: deploy/v1\nkind: ServerPool\nmetadata: {name: meanwhile}\nspec: {region: r}\n"
    XCTAssertEqual(try other.client.apply("meanwhile", pool).status, 200)
    XCTAssertNil(try other.client.unready("meanwhile", within: Self.readySeconds))
    XCTAssertEqual(Set(processes(servers)), running)
    // What the living one has in hand is done first: two looks a second apart see the same.
    var before: [String] = []
    try wait(Self.readySeconds, "the other one is at rest") {
      let last = before
      before = try traces(other.client, database)
      if !last.isEmpty, before == last { return true }
      usleep(1_000_000)
      return false
    }
    kill(sleeper.pid, SIGCONT)
    try wait(Self.takeoverSeconds, "the one that slept is back at work") { try holders(database).count == 2 }
    usleep(3_000_000)
    XCTAssertEqual(try traces(other.client, database), before, "the replica that slept wrote what it had in hand")
    XCTAssertEqual(Set(processes(servers)), running)

    // Its children outlive kill -9, and are what the next start finds.
    sleeper.kill9()
    try sleeper.start()
    XCTAssertNil(try other.client.unready("apps", within: Self.readySeconds))
    XCTAssertEqual(Set(processes(servers)), running, "after the return")
    try database.checkFeed()
    for server in servers { XCTAssertEqual(server.stop(), 0) }
  }

  /// Everything that a reply of a webhook's call would change: deliveries on record, the journal, the webhook, the feed.
  private func traces(_ client: Client, _ database: Database) throws -> [String] {
    let deliveries = try client.objects("WebhookDelivery").map { JSON.text($0) }
    return deliveries
      + (try database.rows(
        """
        SELECT e.uid, e.generation::text, e.step, e.state, e.reply::text, e.consumed::text FROM effect e JOIN object o USING (tenant, uid)
          JOIN kind k ON k.id = o.kind AND k.name = 'Webhook'
        UNION ALL SELECT s.uid, '', '', '', s.status::text, '' FROM observed s JOIN object o USING (tenant, uid)
          JOIN kind k ON k.id = o.kind AND k.name = 'Webhook'
        UNION ALL SELECT c.uid, c.version::text, c.op::text, c.pos::text, '', '' FROM change c JOIN kind k ON k.id = c.kind AND k.name = 'Webhook'
        ORDER BY 1, 2, 3, 4
        """
      ).map { $0.joined(separator: " ") })
  }

  func testAKeyOfAnotherInstallationIsRefused() async throws {
    let (servers, _) = try await replicas(2)
    let key = servers[1].data.appendingPathComponent("key")
    try FileManager.default.removeItem(at: key)
    try servers[1].spawn()
    XCTAssertEqual(servers[1].ended(), 5)
    XCTAssertTrue(servers[1].log.contains("another key"), servers[1].log)
    XCTAssertEqual(servers[0].stop(), 0)
  }
}
