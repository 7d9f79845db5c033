// The pool: bounded, plain about what is wrong, whole after a deadlock.
import Core
import Kinds
import Ports
import TestSupport
import XCTest

@testable import PostgresStore

final class PoolTests: XCTestCase {
  func testTheQueueIsBounded() async throws {
    let pool = ConnectionPool(address: try await TestPostgres.shared.database(), size: 1)
    let (gate, entered) = (DispatchSemaphore(value: 0), XCTestExpectation(description: "entered"))
    let blocker = Task {
      try await pool.run { _ in
        entered.fulfill()
        gate.wait()
      }
    }
    await fulfillment(of: [entered], timeout: 20)
    let codes = try await withThrowingTaskGroup(of: String?.self) { group in
      for _ in 0..<ConnectionPool.maxWaiting + 5 {
        group.addTask {
          do { try await pool.run { _ in } } catch let problem as Problem { return problem.code }
          return nil
        }
      }
      var refused: [String] = []
      for try await code in group {
        guard let code else { continue }
        refused.append(code)
        if refused.count == 5 { gate.signal() }
      }
      return refused
    }
    _ = try await blocker.value
    XCTAssertEqual(codes, Array(repeating: "database_busy", count: 5))
    pool.close()
    do {
      try await pool.run { _ in }
      XCTFail("a closed pool took a job")
    } catch let problem as Problem { XCTAssertEqual(problem.code, "closing") }
  }

  func testRefusalsAreSaidAtOnce() async throws {
    let pool = ConnectionPool(
      address: DatabaseAddress(socketDirectory: try await TestPostgres.shared.server.socketFolder, database: "none"))
    defer { pool.close() }
    let began = Date()
    do {
      try await pool.run { _ in }
      XCTFail("connected to nothing")
    } catch let problem as Problem {
      XCTAssertEqual(problem.category, .unavailable)
      XCTAssertTrue(problem.message.contains("none"), problem.message)
    }
    XCTAssertLessThan(Date().timeIntervalSince(began), ConnectionPool.reconnectSeconds)
  }

  func testTextsThatCannotBeStoredAreInvalid() async throws {
    let store = try await TestPostgres.store(Fixture.catalog)
    defer { store.close() }
    for app in [Fixture.app("a\0b"), Fixture.app("a", ["note": "x\0y"]), Fixture.app(String(repeating: "n", count: 1001))] {
      do {
        _ = try await store.commit(Fixture.create(app))
        XCTFail("stored")
      } catch let problem as Problem { XCTAssertEqual(problem.category, .invalid, problem.message) }
    }
    let position = try await store.position(tenant: Fixture.tenant)
    XCTAssertEqual(position, 0)
  }

  /// Two transactions that lock two rows crosswise: the one PostgreSQL gives up is run again.
  func testDeadlocksAreRunAgain() async throws {
    let pool = ConnectionPool(address: try await TestPostgres.shared.database(), size: 2)
    defer { pool.close() }
    try await pool.execute(
      "SET deadlock_timeout TO '10ms'; CREATE TABLE d (id int PRIMARY KEY, n int NOT NULL); INSERT INTO d VALUES (1, 0), (2, 0)")
    try await withThrowingTaskGroup(of: Void.self) { group in
      for order in [[1, 2], [2, 1]] {
        group.addTask {
          for _ in 0..<5 {
            try await pool.run { connection in
              try connection.transaction {
                for id in order {
                  _ = try connection.query("UPDATE d SET n = n + 1 WHERE id = $1::int", [.int(id)])
                  usleep(5_000)
                }
              }
            }
          }
        }
      }
      try await group.waitForAll()
    }
    let sums = try await pool.run { try $0.query("SELECT n FROM d").map { $0.int(0) } }
    XCTAssertEqual(sums, [10, 10])
  }
}
