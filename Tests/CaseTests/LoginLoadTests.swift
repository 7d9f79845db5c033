// Many sign-ins at once: passwords are hashed apart, so other requests go on; what does not fit is told to wait.
import Core
import Foundation
import TestSupport
import XCTest

final class LoginLoadTests: XCTestCase {
  private final class Tally: @unchecked Sendable {
    private let lock = NSLock()
    private var taken: [(status: Int, seconds: Double, retry: String?)] = []
    func add(_ status: Int, _ seconds: Double, _ retry: String?) { lock.withLock { taken.append((status, seconds, retry)) } }
    var all: [(status: Int, seconds: Double, retry: String?)] { lock.withLock { taken } }
  }

  private static let logins = 200
  private static let reads = 60

  func testSignInsDoNotHoldUpOtherRequests() throws {
    let runner = try CaseSuite.outcome.get().runner
    let http = runner.http
    let token = runner.server.token
    let tally = Tally()
    let group = DispatchGroup()
    for n in 0..<Self.logins {
      group.enter()
      let thread = Thread {
        defer { group.leave() }
        let began = Date()
        let body = JSON.write(["email": .string("load-\(n)-\(UUID().uuidString)@example.com"), "password": "secureP@ss1"])
        let request = CaseRequest("POST", "/deploy/api/auth/login", headers: [("Content-Type", "application/json")], body: body)
        let response = try? http.send(request)
        tally.add(response?.status ?? 0, Date().timeIntervalSince(began), response?.header("Retry-After"))
      }
      thread.stackSize = 1 << 20
      thread.start()
    }
    var reads: [Double] = []
    for _ in 0..<Self.reads {
      let began = Date()
      let response = try http.send(
        CaseRequest("GET", "/deploy/api/projects", headers: [("Authorization", "Bearer \(token)"), ("X-Tenant-ID", "root")]))
      XCTAssertEqual(response.status, 200)
      reads.append(Date().timeIntervalSince(began))
    }
    XCTAssertEqual(group.wait(timeout: .now() + 120), .success)
    let all = tally.all
    XCTAssertEqual(all.count, Self.logins)
    XCTAssertTrue(all.allSatisfy { [401, 429].contains($0.status) }, "\(Set(all.map(\.status)))")
    XCTAssertGreaterThanOrEqual(all.filter { $0.status == 401 }.count, 60, "the queue holds fewer than it says")
    XCTAssertTrue(all.filter { $0.status == 429 }.allSatisfy { Int($0.retry ?? "") != nil }, "no Retry-After")
    // A read waits for no hash: its median is far below that of the sign-ins that were hashed.
    let hashed = all.filter { $0.status == 401 }.map(\.seconds).sorted()
    let median = reads.sorted()[reads.count / 2]
    XCTAssertLessThan(median, hashed[hashed.count / 2] / 2, "reads are held up by sign-ins")
  }
}
