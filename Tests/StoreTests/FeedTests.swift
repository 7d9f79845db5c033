// The feed under concurrent writers, and its retention.
import Core
import Kinds
import Ports
import TestSupport
import XCTest

@testable import PostgresStore

final class FeedTests: XCTestCase {
  /// A reader that follows while 16 writers write loses nothing and sees each object's versions in order.
  func testNothingIsLostAndNoOrderInverted() async throws {
    let store = try await TestPostgres.store(Fixture.catalog, connections: 8)
    defer { store.close() }
    let objects = (0..<16).map { Fixture.app("a\($0)") }
    _ = try await store.commit(Fixture.create(objects))
    let rounds = 20
    let reader = Task { () -> [Change] in
      var position = 0
      var seen: [Change] = []
      while seen.count < 16 + 16 * rounds {
        guard case .changes(let changes, let upTo) = try await store.changes(tenant: Fixture.tenant, after: position, limit: 50)
        else { throw Lost() }
        position = upTo
        seen += changes
        try Task.checkCancellation()
      }
      return seen
    }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for writer in 0..<16 {
        group.addTask {
          // Each writer goes round the objects; a version that moved is read again.
          for round in 0..<rounds { try await Self.bump(store, objects[(writer + round) % 16]) }
        }
      }
      try await group.waitForAll()
    }
    let seen = try await reader.value
    XCTAssertEqual(seen.map(\.position), Array(1...seen.count))
    for object in objects {
      let versions = seen.filter { $0.uid == object.uid }.map(\.version)
      XCTAssertEqual(versions, Array(1...rounds + 1))
    }
    XCTAssertEqual(seen.map(\.at), seen.map(\.at).sorted())
  }

  struct Lost: Error {}

  static func bump(_ store: PostgresStore, _ object: StoredObject) async throws {
    for _ in 0..<1000 {
      guard let now = try await store.now(object) else { throw Lost() }
      do {
        _ = try await store.commit(Fixture.write(.update, now))
        return
      } catch CommitFailure.moved {}
    }
    throw Lost()
  }

  func testAReaderThatFellBehindIsToldToResync() async throws {
    let store = try await TestPostgres.store(Fixture.catalog)
    defer { store.close() }
    _ = try await store.commit(Fixture.create(Fixture.app("a"), Fixture.app("b")))
    try await store.maintain()
    guard case .changes(let kept, 2) = try await store.changes(tenant: Fixture.tenant, after: 0, limit: 10) else {
      return XCTFail("swept too early")
    }
    XCTAssertEqual(kept.count, 2)
    try await store.maintain(feedSeconds: -1)
    guard case .resync(from: 2) = try await store.changes(tenant: Fixture.tenant, after: 1, limit: 10) else {
      return XCTFail("no resync")
    }
    guard case .changes(let none, 2) = try await store.changes(tenant: Fixture.tenant, after: 2, limit: 10) else {
      return XCTFail("resync")
    }
    XCTAssertEqual(none, [])
    _ = try await store.commit(Fixture.create(Fixture.app("c")))
    guard case .changes(let next, 3) = try await store.changes(tenant: Fixture.tenant, after: 2, limit: 10) else {
      return XCTFail("resync")
    }
    XCTAssertEqual(next.map(\.name), ["c"])
  }

  /// Signals of one replica reach another, also after its connection was cut.
  func testSignalsCrossReplicas() async throws {
    let address = try await TestPostgres.shared.database()
    let one = try await PostgresStore(pool: ConnectionPool(address: address), catalog: Fixture.catalog)
    let two = try await PostgresStore(pool: ConnectionPool(address: address), catalog: Fixture.catalog)
    defer {
      one.close()
      two.close()
    }
    let signals = two.signals()
    var tries = 0
    // The listener may still be connecting: later commits are heard at the latest.
    let writer = Task {
      while !Task.isCancelled {
        _ = try await one.commit(Fixture.create(Fixture.app("a\(Fixture.uid())")))
        try await Task.sleep(for: .milliseconds(20))
      }
    }
    for await signal in signals {
      if case .changed(let tenants) = signal, tenants == [Fixture.tenant] { break }
      tries += 1
      if tries > 100 { return XCTFail("not heard") }
    }
    try await one.pool.execute(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'")
    var (lost, heard) = (false, false)
    for await signal in signals {
      if case .reconnected = signal { lost = true }
      if case .changed = signal, lost { heard = true }
      if heard { break }
    }
    writer.cancel()
    _ = await writer.result
    XCTAssertTrue(lost)
  }
}
