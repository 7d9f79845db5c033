// kill -9 of `plumb serve` in a loop, at seeded moments during applies, API writes and reconciling: nothing acknowledged is lost,
// nothing is half there, nothing runs twice, and in the end all is as stated.
import Core
import Foundation
import TestSupport
import XCTest

final class KillLoopTests: XCTestCase {
  /// `PLUMB_KILLS` and `PLUMB_SEED` change the run; a failure prints the seed.
  private static let environment = ProcessInfo.processInfo.environment
  private static let kills = environment["PLUMB_KILLS"].flatMap { Int($0) } ?? 50
  private static let seed = environment["PLUMB_SEED"].flatMap { UInt64($0) } ?? 20_260_301
  /// Longest wait between the last answer seen and the kill.
  private static let mostDelay: UInt64 = 400_000
  private static let convergeSeconds = 60.0

  func testNothingIsLostWhenTheServerIsKilledAgainAndAgain() throws {
    continueAfterFailure = false
    let random = SeededRandom(seed: Self.seed)
    let receiver = try CaseReceiver()
    let server = try ServeProcess()
    addTeardownBlock {
      receiver.stop()
      server.removeAll()
    }
    try server.start()
    let world = try KillWorld(server, webhook: "http://127.0.0.1:\(receiver.port)/kills", random: random)
    try world.prepare()
    var slowest = 0.0
    for round in 1...max(1, Self.kills) {
      if random.next() % 7 == 0 {
        // While it starts.
        server.kill9()
        try server.spawn()
        usleep(UInt32(random.next() % Self.mostDelay))
      } else {
        world.write(until: Int(random.next() % 6), thenWait: UInt32(random.next() % Self.mostDelay)) { server.kill9() }
      }
      server.kill9()
      slowest = max(slowest, try server.start())
      try world.check("seed \(Self.seed), after kill \(round)")
    }
    print("kill loop: \(Self.kills) kills, \(world.summary), slowest restart \(String(format: "%.2f", slowest)) s")
    try converge(world, server, receiver)
    XCTAssertEqual(server.stop(), 0, "seed \(Self.seed): exit code of a graceful stop; log:\n\(server.log.suffix(2000))")
    XCTAssertEqual(ProcessScan.replicas(of: server.data.path).map(\.pid), [], "children are left after the stop")
  }

  private func converge(_ world: KillWorld, _ server: ServeProcess, _ receiver: CaseReceiver) throws {
    let note = "seed \(Self.seed)"
    try world.applyLast()
    XCTAssertNil(try server.client.unready(KillWorld.set, within: Self.convergeSeconds), "\(note): not ready")
    let (status, said) = try Child.run(
      [CaseServer.binary.path, "wait", "App/steady", "App/moving", "--data", server.data.path, "--timeout", "30s"])
    XCTAssertEqual(status, 0, "\(note): plumb wait: \(said)")
    try world.check(note)
    world.checkProcesses(note)
    let database = Database(of: server.data)
    try database.checkFeed()
    try checkDeliveries(database, receiver, note)
  }

  /// Each change of a project was delivered, and first deliveries of one project came in the order of its changes.
  private func checkDeliveries(_ database: Database, _ receiver: CaseReceiver, _ note: String) throws {
    let changes = try database.rows(
      """
      SELECT c.uid, e, (extract(epoch FROM c.at) * 1000000)::bigint FROM change c JOIN kind k ON k.id = c.kind, unnest(string_to_array(c.events, ',')) e
      WHERE k.name = 'Project' ORDER BY c.pos
      """
    ).map { Delivery(uid: $0[0], event: $0[1], at: Int($0[2]) ?? 0) }
    XCTAssertGreaterThan(changes.count, Self.kills / 5, "\(note): too few changes to prove anything")
    let until = Date(timeIntervalSinceNow: Self.convergeSeconds)
    var missing = changes
    var arrived: [Delivery] = []
    while Date() < until {
      arrived = receiver.requests(to: "/kills").map { request in
        let body = request["body"]
        return Delivery(
          uid: body["data"]["object"]["id"].string ?? "", event: body["type"].string ?? "",
          at: body["createdAt"].string.flatMap { Timestamp($0) }?.microseconds ?? 0)
      }
      let seen = Set(arrived)
      missing = changes.filter { !seen.contains($0) }
      if missing.isEmpty { break }
      usleep(200_000)
    }
    XCTAssertEqual(missing, [], "\(note): not delivered, of \(changes.count) changes")
    XCTAssertEqual(Set(arrived).subtracting(changes), [], "\(note): delivered, but never committed")
    var seen: Set<Delivery> = []
    let firsts = Dictionary(grouping: arrived.filter { seen.insert($0).inserted }, by: \.uid)
    for (uid, deliveries) in firsts {
      XCTAssertEqual(deliveries.map(\.at), deliveries.map(\.at).sorted(), "\(note): project \(uid): out of order")
    }
    print("deliveries: \(arrived.count) of \(changes.count) changes")
  }

  private struct Delivery: Hashable {
    var uid: String
    var event: String
    var at: Int
  }
}
