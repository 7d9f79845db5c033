// Reads from a real streaming standby: within the stated staleness, from the primary beyond it, and never for who decides.
import Core
import Kinds
import Ports
import TestSupport
import XCTest

@testable import PostgresStore

final class StandbyTests: XCTestCase {
  private func until(_ what: String, _ seconds: Double = 30, _ test: () async throws -> Bool) async throws {
    let end = Date(timeIntervalSinceNow: seconds)
    while Date() < end {
      if try await test() { return }
      try await Task.sleep(nanoseconds: 20_000_000)
    }
    XCTFail("not within \(seconds) s: \(what)")
  }

  func testReadsGoToTheStandbyWithinItsLimitAndSayHowOldTheyAre() async throws {
    let servers = try ReplicatedPostgres()
    defer { servers.removeAll() }
    let standby = Standby(address: DatabaseAddress(connection: servers.address(primary: false)), limit: .seconds(2))
    let primary = ConnectionPool(address: DatabaseAddress(connection: servers.address(primary: true)))
    let store = try await PostgresStore(pool: primary, catalog: Fixture.catalog, standby: standby)
    defer { store.close() }
    func names(stale: Bool) async throws -> (names: [String], header: String?) {
      let notes = RequestNotes()
      let page = try await RequestNotes.$current.withValue(notes) {
        try await ReadFreshness.$mayBeStale.withValue(stale) {
          try await store.list(ObjectQuery(tenant: Fixture.tenant, kind: "App"))
        }
      }
      return (page.objects.map(\.name).sorted(), notes.headers.first { $0.name == "Plumb-Staleness" }?.value)
    }

    // Nothing was measured yet: the primary answers.
    _ = try await store.commit(Fixture.create(Fixture.app("one")))
    let early = try await names(stale: true)
    XCTAssertEqual(early.names, ["one"])
    XCTAssertNil(early.header)
    try await until("the standby has it") {
      await standby.measure(primary)
      let seen = try await names(stale: true)
      return seen.names == ["one"] && seen.header != nil
    }

    // A standby that lags shows what was, and says at most how long ago; who may not be stale sees what is.
    try servers.pauseReplay(true)
    _ = try await store.commit(Fixture.create(Fixture.app("two")))
    await standby.measure(primary)
    let old = try await names(stale: true)
    if let header = old.header {
      XCTAssertEqual(old.names, ["one"])
      XCTAssertLessThanOrEqual(Double(header) ?? 99, 2.0)
    } else {
      XCTAssertEqual(old.names, ["one", "two"], "slower than the limit: the primary answered")
    }
    let sure = try await names(stale: false)
    XCTAssertEqual(sure.names, ["one", "two"])
    XCTAssertNil(sure.header)

    // Beyond the limit the primary answers.
    try await until("the limit has passed") {
      await standby.measure(primary)
      return (standby.staleness ?? .zero) > .seconds(2)
    }
    let fresh = try await names(stale: true)
    XCTAssertEqual(fresh.names, ["one", "two"])
    XCTAssertNil(fresh.header)

    // It catches up, and is read again; it dies, and nobody notices.
    try servers.pauseReplay(false)
    try await until("the standby has caught up") {
      await standby.measure(primary)
      let seen = try await names(stale: true)
      return seen.names == ["one", "two"] && seen.header != nil
    }
    servers.stopStandby()
    let after = try await names(stale: true)
    XCTAssertEqual(after.names, ["one", "two"])
    await standby.measure(primary)
    XCTAssertNil(standby.staleness)
    XCTAssertNotNil(standby.trouble)
  }

  /// A promoted standby is no standby: it may be ahead of, or apart from, the primary.
  func testAServerThatIsNoStandbyIsNotRead() async throws {
    let address = try await TestPostgres.shared.database()
    let standby = Standby(address: address, limit: .seconds(60))
    let pool = ConnectionPool(address: address)
    let store = try await PostgresStore(pool: pool, catalog: Fixture.catalog, standby: standby)
    defer { store.close() }
    await standby.measure(pool)
    XCTAssertNil(standby.staleness)
    XCTAssertEqual(standby.trouble, "it is no standby, or no longer")
  }

  /// A host that fell silent: forgotten after a while, its work taken over under a new epoch, and what it still writes is refused.
  func testTheWorkOfASilentHostIsTakenOver() async throws {
    let address = try await TestPostgres.shared.database()
    let times = WorkTimes(hostPatience: .milliseconds(100), forgetAfter: .milliseconds(400))
    func store() async throws -> PostgresStore {
      try await PostgresStore(pool: ConnectionPool(address: address), catalog: Fixture.catalog, times: times)
    }
    let (one, two) = (try await store(), try await store())
    defer {
      one.close()
      two.close()
    }
    let (silent, living, hostA, hostB) = (Fixture.uid(), Fixture.uid(), Fixture.uid(), Fixture.uid())
    func renew(_ store: PostgresStore, _ replica: UID, _ span: Duration) async throws -> [Fence] {
      try await store.renew(replica: replica, until: SystemClock().now() + span, catalogDigest: "d", wantsWork: true)
    }
    let fences = try await renew(one, silent, .seconds(30))
    let app = Fixture.app("bound")
    var create = Fixture.create(app)
    create.work = [WorkRequest(tenant: app.tenant, uid: app.uid, kind: "App")]
    _ = try await one.commit(create)
    let claimed = try await one.claimHost(hostA, replica: silent)
    let own = try XCTUnwrap(claimed)
    let bound = try await one.bind(try await one.due(fences: fences, limit: 10), from: fences, to: own)
    XCTAssertEqual(bound.map(\.uid), [app.uid])

    // While it lives, and for a while after, the other host takes nothing of it.
    _ = try await renew(two, living, .seconds(60))
    let before = try await two.claimHost(hostB, replica: living)
    let other = try XCTUnwrap(before)
    let none = try await two.due(fences: [other], limit: 10)
    XCTAssertEqual(none.map(\.uid), [])
    // Silence begins: its lease ends, and it is not heard of again.
    _ = try await renew(one, silent, .milliseconds(1))
    try await until("the other host has its work") {
      _ = try await renew(two, living, .seconds(60))
      guard let fence = try await two.claimHost(hostB, replica: living) else { return false }
      return try await two.due(fences: [fence], limit: 10).map(\.uid) == [app.uid]
    }
    var late = Commit(origin: Fixture.origin)
    late.finished = [FinishedWork(item: bound[0], next: nil, attempts: 0)]
    late.fence = own
    do {
      _ = try await one.commit(late)
      XCTFail("the host that was silent wrote")
    } catch CommitFailure.fenced {}
  }
}
