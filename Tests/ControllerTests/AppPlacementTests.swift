// Placement: cordoned servers, full pools, and who stays where.
import Controllers
import Core
import Kinds
import XCTest

final class AppPlacementTests: XCTestCase {
  private var rules: [Value] = []
  private let pool = UID(high: 1, low: 1)
  private func server(_ n: UInt64, _ name: String, _ spec: ObjectMap) -> Value {
    var all = spec
    all["pool"] = .string(pool.description)
    return [
      "uid": .string(UID(high: 2, low: n).description), "name": .string(name), "kind": "Server", "spec": .object(all),
      "status": .null, "ready": true, "deleting": false,
    ]
  }

  /// An app in pool `eu`, with these servers and this number of apps on each.
  private func world(_ servers: [Value], load: [String: Int] = [:]) -> AppWorld {
    let world = AppWorld(spec: ["command": ["run"], "pool": .string(pool.description)])
    world.related[pool] = ["name": "eu", "kind": "ServerPool", "spec": [:], "ready": true]
    place(world, servers, load)
    return world
  }

  private func place(_ world: AppWorld, _ servers: [Value], _ load: [String: Int]) {
    world.needed = { need in
      if need.name == "rules" { return self.rules }
      if need.name == "servers" { return servers }
      if need.name == "current" { return servers.filter { need.matches[0].among.contains($0["uid"]) } }
      return servers.filter { need.matches[0].among.contains($0["uid"]) }.flatMap { server in
        (0..<(load[server["name"].string!] ?? 0)).map { n in ["uid": .int(n), "status": ["placedServer": server["uid"]]] as Value
        }
      }
    }
  }

  func testCordonedServersAreNamed() {
    let world = world([server(1, "eu-1", ["schedulable": false])])
    world.turn()
    XCTAssertEqual(world.condition("Ready")?.reason, "ServerCordoned")
    XCTAssertTrue(world.condition("Ready")?.message.contains("eu-1") ?? false)
    XCTAssertEqual(world.running, [])
    place(world, [server(1, "eu-1", ["schedulable": true])], [:])
    XCTAssertTrue(world.settle())
    XCTAssertEqual(world.status["placedOn"], "eu-1")
    XCTAssertEqual(world.running, [0])
  }

  func testFullPoolIsNamedAndCounted() {
    let servers = [server(1, "eu-1", ["capacity": 2]), server(2, "eu-2", ["capacity": 1])]
    let world = world(servers, load: ["eu-1": 2, "eu-2": 1])
    world.turn()
    XCTAssertEqual(world.condition("Ready")?.reason, "PoolFull")
    XCTAssertEqual(
      world.condition("Ready")?.message, "pool eu is full: 2 of 2 servers are at capacity (eu-1: 2 of 2 apps, eu-2: 1 of 1 apps)")
    place(world, servers, ["eu-1": 1, "eu-2": 1])
    world.turn()
    XCTAssertEqual(world.status["placedOn"], "eu-1")
    XCTAssertEqual(world.limits, [StatusLimit(kind: "App", field: "placedServer", value: servers[0]["uid"], atMost: 2)])
  }

  func testPlacedAppStaysWhenCordonedAndMovesWhenDrained() {
    let free = [server(1, "eu-1", [:]), server(2, "eu-2", [:])]
    let world = world(free, load: ["eu-2": 3])
    XCTAssertTrue(world.settle())
    XCTAssertEqual(world.status["placedOn"], "eu-1")
    place(world, [server(1, "eu-1", ["schedulable": false]), free[1]], [:])
    XCTAssertTrue(world.settle())
    XCTAssertEqual(world.status["placedOn"], "eu-1")
    place(world, [server(1, "eu-1", ["schedulable": false, "draining": true]), free[1]], [:])
    XCTAssertTrue(world.settle())
    XCTAssertEqual(world.status["placedOn"], "eu-2")
    XCTAssertEqual(world.running, [0])
  }

  func testRulesChooseTheServer() {
    let servers = [server(1, "eu-1", ["labels": ["disk": "slow"]]), server(2, "eu-2", ["labels": ["disk": "fast"]])]
    rules = [["spec": ["type": "require", "selector": ["disk": "fast"]]]]
    var app = world(servers, load: ["eu-2": 5])
    XCTAssertTrue(app.settle())
    XCTAssertEqual(app.status["placedOn"], "eu-2")
    rules = [["spec": ["type": "avoid", "selector": ["disk": "slow"], "weight": 3]]]
    app = world(servers, load: ["eu-2": 5])
    XCTAssertTrue(app.settle())
    XCTAssertEqual(app.status["placedOn"], "eu-2")
    rules = [["spec": ["type": "require", "selector": ["disk": "none"]]]]
    app = world(servers)
    app.turn()
    XCTAssertEqual(app.condition("Ready")?.reason, "WaitingForServer")
  }

  func testNamedServer() {
    let one = UID(high: 2, low: 1)
    let world = AppWorld(spec: ["command": ["run"], "server": .string(one.description)])
    world.related[one] = server(1, "eu-1", ["schedulable": false])
    world.turn()
    XCTAssertEqual(world.condition("Ready")?.message, "server eu-1 is cordoned")
    world.related[one] = server(1, "eu-1", ["capacity": 1])
    world.needed = { _ in [["uid": "x", "status": ["placedServer": .string(one.description)]]] }
    world.turn()
    XCTAssertEqual(world.condition("Ready")?.reason, "ServerFull")
    world.needed = { _ in [] }
    XCTAssertTrue(world.settle())
    XCTAssertEqual(world.status["placedOn"], "eu-1")
  }

  func testNeitherServerNorPoolRunsHere() {
    let world = AppWorld(spec: ["command": ["run"]])
    world.needed = { _ in [] }
    XCTAssertTrue(world.settle())
    XCTAssertEqual(world.status["placedOn"], "local")
  }
}
