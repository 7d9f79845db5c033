// The database dies, or goes away for long, under a server that runs on: plain refusals meanwhile, nothing lost, and no restart needed.
import Core
import Foundation
import TestSupport
import XCTest

final class DatabaseLossTests: XCTestCase {
  private static let backSeconds = 90.0

  func testTheServerStartsItsDatabaseAgain() throws {
    let server = try ServeProcess()
    addTeardownBlock { server.removeAll() }
    try server.start()
    let port = try CaseSocket.freePorts()
    let app = """
      apiVersion: deploy/v1
      kind: App
      metadata: {name: web}
      spec: {command: ["\(CaseServer.binary.path)", hello], port: \(port)}
      """
    XCTAssertEqual(try server.client.apply("web", app).status, 200)
    XCTAssertNil(try server.client.unready("web", within: 60))
    var made: [String] = []
    // At once, and as `pg_ctl stop -m immediate` does it.
    for (round, signal) in [SIGKILL, SIGQUIT, SIGKILL].enumerated() {
      let postmaster = try XCTUnwrap(postmaster(of: server))
      let writer = Writer(server.client, prefix: "r\(round)")
      writer.start()
      usleep(200_000)
      XCTAssertEqual(kill(postmaster, signal), 0)
      let fine = writer.wait(forSuccessAfter: Date(), seconds: Self.backSeconds)
      writer.stop()
      XCTAssertTrue(fine, "signal \(signal): no write succeeded within \(Self.backSeconds) s; log:\n\(server.log.suffix(2000))")
      XCTAssertEqual(writer.refusals.filter { !$0.hasPrefix("503 {\"error\":\"The database") }, [], "refused in other words")
      made += writer.made
      XCTAssertNil(Child.ended(server.pid), "the server ended")
    }
    let stored = Set(try server.client.objects("Project").compactMap { $0["metadata"]["name"].string })
    XCTAssertEqual(Set(made).subtracting(stored), [], "acknowledged and lost")
    try Database(of: server.data).checkFeed()

    // Work goes on: a child that dies is replaced.
    let child = try XCTUnwrap(ProcessScan.replicas(of: server.data.path).first?.pid)
    kill(child, SIGKILL)
    let until = Date(timeIntervalSinceNow: Self.backSeconds)
    while Date() < until, ProcessScan.replicas(of: server.data.path).allSatisfy({ $0.pid == child }) { usleep(50_000) }
    XCTAssertEqual(ProcessScan.replicas(of: server.data.path).count, 1)
    XCTAssertEqual(server.stop(), 0)
  }

  /// Another server's PostgreSQL stands for one that somebody else administers.
  func testALongAbsenceIsWaitedForWithoutARestart() throws {
    let owner = try ServeProcess()
    addTeardownBlock { owner.removeAll() }
    try owner.start()
    _ = try Database(of: owner.data).rows("CREATE DATABASE other")
    let address = "host='\(owner.data.path)/postgres' user=plumb dbname=other"
    let server = try ServeProcess(["--database", address])
    addTeardownBlock { server.removeAll() }
    try server.start()
    XCTAssertEqual(try server.client.apply("pools", Self.pool("before")).status, 200)
    XCTAssertEqual(owner.stop(), 0)

    let began = Date()
    let first = try server.client.apply("pools", Self.pool("meanwhile"))
    XCTAssertEqual(first.status, 503, first.text)
    XCTAssertEqual(first.json["problems"].list?.first?["code"], "database_unavailable", first.text)
    XCTAssertLessThan(Date().timeIntervalSince(began), 20, "the first request waited too long")
    let later = Date()
    for _ in 0..<5 {
      XCTAssertEqual(try server.client.call("GET", "/deploy/api/projects").status, 503)
      XCTAssertEqual(try server.http.send(CaseRequest("GET", "/readyz")).status, 503)
      XCTAssertEqual(try server.http.send(CaseRequest("GET", "/livez")).status, 200)
    }
    XCTAssertLessThan(Date().timeIntervalSince(later), 10, "in a long absence nobody is to wait")
    let (code, said) = try Child.run(
      [CaseServer.binary.path, "get", "projects", "--url", "http://127.0.0.1:\(server.port)"],
      environment: ["PLUMB_TOKEN": server.token])
    XCTAssertEqual(code, 1)
    XCTAssertTrue(said.contains("The database cannot be reached"), said)

    try owner.start()
    let until = Date(timeIntervalSinceNow: Self.backSeconds)
    var status = 0
    while Date() < until, status != 200 {
      status = try server.client.apply("pools", Self.pool("after")).status
      usleep(100_000)
    }
    XCTAssertEqual(status, 200)
    let app = """
      apiVersion: deploy/v1
      kind: App
      metadata: {name: web}
      spec: {command: ["\(CaseServer.binary.path)", hello], port: \(try CaseSocket.freePorts())}
      """
    XCTAssertEqual(try server.client.apply("web", app).status, 200)
    XCTAssertNil(try server.client.unready("web", within: Self.backSeconds), "work does not go on")
    XCTAssertEqual(try server.client.objects("ServerPool").compactMap { $0["spec"]["region"].string }, ["after"])
    XCTAssertLessThan(server.log.utf8.count, 20_000, "the log was flooded:\n\(server.log.prefix(2000))")
    XCTAssertEqual(server.stop(), 0)
  }

  private static func pool(_ region: String) -> String {
    "apiVersion: deploy/v1\nkind: ServerPool\nmetadata: {name: one}\nspec: {region: \(region)}\n"
  }

  private func postmaster(of server: ServeProcess) -> pid_t? {
    let file = server.data.appendingPathComponent("postgres/data/postmaster.pid")
    return (try? String(contentsOf: file, encoding: .utf8))?.split(separator: "\n").first.flatMap { pid_t($0) }
  }
}

/// Makes projects one after the other until it is told to stop.
private final class Writer: @unchecked Sendable {
  private let client: Client
  private let prefix: String
  private let lock = NSLock()
  private let group = DispatchGroup()
  private var stopping = false
  private var lastSuccess = Date.distantPast
  private var names: [String] = []
  private var refused: [String] = []

  init(_ client: Client, prefix: String) {
    self.client = client
    self.prefix = prefix
  }

  var made: [String] { lock.withLock { names } }
  /// `503 …` for each answer but 2xx.
  var refusals: [String] { lock.withLock { refused } }

  func start() {
    group.enter()
    Thread { [self] in
      var n = 0
      while !lock.withLock({ stopping }) {
        n += 1
        let name = "\(prefix)-\(n)"
        let begun = Date()
        let answer = try? client.call("POST", "/deploy/api/projects", ["name": .string(name), "slug": .string(name)])
        lock.withLock {
          if let answer, answer.status == 201 {
            names.append(name)
            lastSuccess = begun
          } else {
            refused.append(answer.map { "\($0.status) \($0.text)" } ?? "no answer")
          }
        }
        usleep(20_000)
      }
      group.leave()
    }.start()
  }

  /// A write that was begun after the moment.
  func wait(forSuccessAfter moment: Date, seconds: Double) -> Bool {
    let until = Date(timeIntervalSinceNow: seconds)
    // One that reached the database just before it died was begun before.
    while Date() < until {
      if lock.withLock({ lastSuccess > moment.addingTimeInterval(0.1) }) { return true }
      usleep(20_000)
    }
    return false
  }

  func stop() {
    lock.withLock { stopping = true }
    group.wait()
  }
}
