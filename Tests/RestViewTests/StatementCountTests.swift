// Ten times the objects cost no more statements: applies, diffs, deletions, rollbacks and lists work in batches.
import Core
import Crypto
import Identity
import Kinds
import Planning
import Ports
import PostgresStore
import Reconciling
import XCTest

@testable import RestView

final class StatementCountTests: XCTestCase {
  private func manifests(_ count: Int, _ title: String, in tenant: String) -> [ApplyFile] {
    // Each with a reference, so that references are resolved in batches too.
    let all =
      ["apiVersion: deploy/v1\nkind: Project\nmetadata: {name: root}\n"]
      + (1..<count).map {
        "apiVersion: deploy/v1\nkind: App\nmetadata: {name: a\($0)}\nspec: {project: root, title: \(title), replicas: 0}\n"
      }
    return [ApplyFile(name: "all.yaml", bytes: Array(all.joined(separator: "---\n").utf8))]
  }

  func testStatementsDoNotGrowWithObjects() async throws {
    let world = try await RestWorld.make()
    let apply = ApplyService(engine: world.engine, digest: { Digest.sha256($0) })
    let changes = ChangeService(engine: world.engine)
    var counts: [[String: Int]] = []
    for size in [20, 200] {
      let tenant = UID(high: 0x7000, low: 0x8000_0000_0000_0000 | UInt64(size))
      let caller = Caller.system(tenant: tenant)
      var count: [String: Int] = [:]
      func statements(_ name: String, _ body: () async throws -> Void) async throws {
        let before = world.store.statementCount
        try await body()
        count[name] = world.store.statementCount - before
      }
      func request(_ title: String, dryRun: Bool = false, _ size: Int) -> ApplyRequest {
        var request = ApplyRequest(
          set: "s", owner: tenant, prune: true, dryRun: dryRun, files: manifests(size, title, in: "t"))
        request.isConfirmed = true
        return request
      }
      // The first apply of a tenant makes its head; that is not what is counted.
      _ = try await apply.apply(request("zero", 2), caller: caller)
      try await statements("create") { _ = try await apply.apply(request("one", size), caller: caller) }
      let then = SystemClock().now()
      try await statements("unchanged") { _ = try await apply.apply(request("one", size), caller: caller) }
      try await statements("diff") {
        let plan = try await apply.apply(request("two", dryRun: true, size), caller: caller).plan
        XCTAssertEqual(plan.count(.update), size - 1)
      }
      try await statements("update") { _ = try await apply.apply(request("two", size), caller: caller) }
      try await statements("list") {
        let page = try await world.store.list(ObjectQuery(tenant: tenant, kind: "App", limit: 1000))
        XCTAssertEqual(page.objects.count, size - 1)
      }
      try await statements("rollback") {
        let order = ChangeService.Request(actor: "user:a")
        let result = try await changes.rollBack(set: "s", owner: tenant, to: then, order)
        XCTAssertEqual(result.outcome.plan.count(.update), size - 1)
      }
      try await statements("prune") {
        let outcome = try await apply.apply(request("one", 1), caller: caller)
        XCTAssertEqual(outcome.plan.count(.delete), size - 1)
      }
      counts.append(count)
    }
    // The store's own listener may have asked for the time meanwhile.
    let slack = 3
    for (name, few) in counts[0].sorted(by: { $0.key < $1.key }) {
      XCTAssertLessThanOrEqual(counts[1][name] ?? .max, few + slack, "\(name): statements for 200 objects, and \(few) for 20")
    }
    XCTAssertLessThan(counts[1]["unchanged"] ?? 99, 5)
  }
}
