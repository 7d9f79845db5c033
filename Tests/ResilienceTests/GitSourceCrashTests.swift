// A git source while its server is killed at any moment, and while two replicas serve it: each commit whole or not at all, once, and
// the last one in the end.
import Core
import Foundation
import TestSupport
import XCTest

final class GitSourceCrashTests: XCTestCase {
  private static let kills = ProcessInfo.processInfo.environment["PLUMB_KILLS"].flatMap { Int($0) } ?? 12
  private static let projects = 30
  /// Longer than a lease and a renewal.
  private static let patience = 90.0

  private func manifests(_ round: Int) -> String {
    (0..<Self.projects).map { GitRepository.project("p\($0)", title: "Round \(round)") }.joined(separator: "---\n")
  }

  private func source(_ repository: GitRepository, interval: String) -> String {
    "apiVersion: platform/v1\nkind: GitSource\nmetadata: {name: crashed}\nspec: {url: \(repository.url), branch: main, interval: \(interval)}\n"
  }

  private func applied(_ client: Client) throws -> String? {
    try client.must("GET", "/plumb/v1/objects/GitSource/crashed")["status"]["appliedCommit"].string
  }

  private func wait(for commit: String, _ client: Client, _ note: String) throws {
    let end = Date(timeIntervalSinceNow: Self.patience)
    while Date() < end {
      if (try? applied(client)) == commit { return }
      usleep(50_000)
    }
    XCTFail(
      "\(note): commit \(commit) is not in force: \(JSON.text(try client.must("GET", "/plumb/v1/objects/GitSource/crashed")["status"]))"
    )
  }

  private func titles(_ client: Client) throws -> Set<String> {
    Set(try client.objects("Project").compactMap { $0["spec"]["title"].string })
  }

  func testKillsBetweenFetchAndApplyLeaveNoHalfCommit() throws {
    let seed = ProcessInfo.processInfo.environment["PLUMB_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 1...99_999)
    var random = RandomGenerator(SeededRandom(seed: seed))
    let repository = try GitRepository()
    defer { repository.remove() }
    var last = try repository.push(["a.yaml": manifests(0)])
    let server = try ServeProcess()
    defer { server.removeAll() }
    try server.start()
    XCTAssertEqual(try server.client.apply("sources", source(repository, interval: "1h")).status, 200)
    try wait(for: last, server.client, "seed \(seed)")
    for round in 1...Self.kills {
      last = try repository.push(["a.yaml": manifests(round)])
      _ = try server.client.must("POST", "/plumb/v1/objects/GitSource/crashed/sync", [:])
      usleep(UInt32.random(in: 0...250_000, using: &random))
      server.kill9()
      try server.start()
      let seen = try titles(server.client)
      XCTAssertEqual(seen.count, 1, "seed \(seed), round \(round): half of a commit is in force: \(seen.sorted())")
    }
    try wait(for: last, server.client, "seed \(seed)")
    XCTAssertEqual(try titles(server.client), ["Round \(Self.kills)"], "seed \(seed)")
    try Database(of: server.data).checkFeed()
  }

  func testTwoReplicasApplyEachCommitOnceAndOneGoesOnAlone() async throws {
    let address = try await TestPostgres.shared.database(laidOut: false).connection
    let folder = try ServeProcess.newFolder()
    let servers = try (0..<2).map { try ServeProcess(["--database", address], folder: folder, data: "replica\($0)") }
    defer { for server in servers { server.removeAll() } }
    try servers[0].start()
    try FileManager.default.createDirectory(at: servers[1].data, withIntermediateDirectories: true)
    try FileManager.default.copyItem(
      at: servers[0].data.appendingPathComponent("key"), to: servers[1].data.appendingPathComponent("key"))
    try servers[1].start()
    let repository = try GitRepository()
    defer { repository.remove() }
    var last = try repository.push(["a.yaml": manifests(0)])
    XCTAssertEqual(try servers[0].client.apply("sources", source(repository, interval: "1s")).status, 200)
    try wait(for: last, servers[1].client, "first")
    for round in 1...4 {
      last = try repository.push(["a.yaml": manifests(round)])
      try wait(for: last, servers[round % 2].client, "round \(round)")
    }
    let database = Database(address: address)
    let commits = try database.rows("SELECT source, count(*) FROM commit_log WHERE manager = 'set:git:crashed' GROUP BY 1")
    XCTAssertEqual(commits.count, 5, "\(commits)")
    XCTAssertEqual(Set(commits.map { $0[1] }), ["1"], "a commit was applied twice")
    let histories = try database.rows("SELECT uid, count(*) FROM history GROUP BY uid HAVING count(*) > 5")
    XCTAssertEqual(histories, [], "a project was written more often than there are commits")
    // Either may be the one that works on it: the other takes over what it left.
    servers[0].kill9()
    last = try repository.push(["a.yaml": manifests(9)])
    try wait(for: last, servers[1].client, "one replica alone")
    XCTAssertEqual(try titles(servers[1].client), ["Round 9"])
  }
}
