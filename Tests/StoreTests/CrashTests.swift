// What was acknowledged stays, what was not is whole or absent: killed servers, connections cut during COMMIT.
import Core
import Foundation
import Kinds
import Ports
import TestSupport
import XCTest

@testable import PostgresStore

final class CrashTests: XCTestCase {
  /// The postmaster and a backend are killed again and again while writers write. Every acknowledged object is there, no
  /// object is there twice or half, and whoever was told of a failure finds nothing.
  func testNoAcknowledgedWriteIsLost() async throws {
    let folder = NSTemporaryDirectory() + "plumb-crash-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let server = try await PrivatePostgres.start(directory: folder, settings: [("fsync", "off")])
    let store = try await PostgresStore(pool: ConnectionPool(address: server.address), catalog: Fixture.catalog)
    let place = try PostgresFolder(directory: folder, user: ServerUser.choose())
    let writers = Task {
      await withTaskGroup(of: [(StoredObject, Bool?)].self) { group in
        for writer in 0..<8 {
          group.addTask {
            var outcomes: [(StoredObject, Bool?)] = []
            for n in 0..<60 {
              let app = Fixture.app("w\(writer)-\(n)")
              do {
                _ = try await store.commit(Fixture.create(app))
                outcomes.append((app, true))
              } catch let problem as Problem where problem.code == "outcome_unknown" {
                outcomes.append((app, nil))
              } catch { outcomes.append((app, false)) }
            }
            return outcomes
          }
        }
        return await group.reduce(into: []) { $0 += $1 }
      }
    }
    for round in 0..<3 {
      try await Task.sleep(for: .milliseconds(60))
      if round == 1, let postmaster = place.livingServer()?.pid {
        kill(postmaster, SIGKILL)
      } else {
        // A backend that is killed makes the postmaster restart all of them: as rude as a crash.
        let pool = ConnectionPool(address: server.address, size: 1)
        let victim = try await pool.run { connection in
          try connection.query(
            "SELECT pid FROM pg_stat_activity WHERE datname IS NOT NULL AND pid <> pg_backend_pid() ORDER BY random() LIMIT 1"
          ).map { $0.int(0) }
        }
        if let victim = victim.first { kill(pid_t(victim), SIGKILL) }
        pool.close()
      }
    }
    let outcomes = await writers.value
    let stored = Set(try await store.list(ObjectQuery(tenant: Fixture.tenant, kind: "App", limit: 10_000)).objects.map(\.uid))
    for (app, outcome) in outcomes {
      if let outcome { XCTAssertEqual(stored.contains(app.uid), outcome, "\(app.name): told \(outcome)") }
    }
    XCTAssertGreaterThan(outcomes.filter { $0.1 == true }.count, 0)
    guard case .changes(let changes, _) = try await store.changes(tenant: Fixture.tenant, after: 0, limit: 10_000) else {
      return XCTFail("resync")
    }
    XCTAssertEqual(changes.map(\.position), Array(1...changes.count))
    XCTAssertEqual(Set(changes.map(\.uid)), stored)
    store.close()
    await server.stop()
  }

  /// The connection breaks after COMMIT was sent: once when the server has got it, once when it has not. The answer is true
  /// both times, and the object is there once.
  func testACommitWhoseAnswerIsLostIsLookedUp() async throws {
    for reachesServer in [true, false] {
      let address = try await TestPostgres.shared.database()
      let direct = try await PostgresStore(pool: ConnectionPool(address: address), catalog: Fixture.catalog)
      let proxy = try CuttingProxy(server: try await TestPostgres.shared.server.socketFolder, passesCommit: reachesServer)
      let database = address.connection.components(separatedBy: "dbname=")[1].trimmingCharacters(in: .init(charactersIn: "'"))
      let store = try await PostgresStore(
        pool: ConnectionPool(address: DatabaseAddress(socketDirectory: proxy.folder, database: database), size: 2),
        catalog: Fixture.catalog)
      proxy.cutNextCommit()
      let app = Fixture.app("a")
      let result = try await store.commit(Fixture.create(app))
      XCTAssertEqual(proxy.cuts, 1)
      XCTAssertEqual(result.versions, [app.uid: 1])
      XCTAssertEqual(result.positions, [app.tenant: 1])
      let history = try await direct.history(tenant: app.tenant, uid: app.uid, before: nil, limit: 10)
      XCTAssertEqual(history.count, 1)
      store.close()
      proxy.close()
      direct.close()
    }
  }
}
