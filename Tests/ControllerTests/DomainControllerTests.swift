// Domains: verified by a TXT record with backoff; assignments wait for their domain and their app, by name.
import Controllers
import Core
import Kinds
import XCTest

final class DomainControllerTests: XCTestCase {
  private let app = UID(high: 4, low: 1)

  func testRootDomainIsVerifiedByItsToken() {
    let loop = ControllerLoop(
      RootDomainController(), name: "Example.com", spec: ["name": "Example.com", "verificationToken": "tok"])
    var asked: [String] = []
    var answer: Value = ["records": [], "error": ["code": "no_such_name", "message": "x"]]
    loop.observe = { question in
      asked.append(question["name"].string ?? "")
      return answer
    }
    let first = loop.run()
    XCTAssertEqual(asked, ["_plumb-challenge.example.com"])
    XCTAssertEqual(loop.condition("Ready")?.reason, "WaitingForRecord")
    XCTAssertTrue(loop.condition("Ready")?.message.contains("tok") ?? false)
    XCTAssertEqual(first.lookAgain?.inSeconds, 10)
    let began = loop.now
    loop.run(until: loop.now + .seconds(3600))
    XCTAssertLessThan(asked.count, 15)
    XCTAssertGreaterThan(asked.count, 6)
    // A request to check looks at once; another token does too.
    answer = ["records": ["other", " tok "]]
    loop.now = began + .seconds(3600)
    loop.spec["checkRequest"] = "1"
    let last = loop.run()
    XCTAssertEqual(loop.status["verified"], true)
    XCTAssertEqual(loop.condition("Ready")?.truth, .yes)
    XCTAssertEqual(last.lookAgain?.inSeconds, 86_400)
    let count = asked.count
    loop.run()
    XCTAssertEqual(asked.count, count, "not asked before it is due")
  }

  func testSilentNameServerTakesNothingAway() {
    let loop = ControllerLoop(RootDomainController(), spec: ["name": "example.com", "verificationToken": "tok"])
    loop.observe = { _ in ["records": ["tok"]] }
    loop.run()
    loop.observe = { _ in ["records": [], "error": ["code": "timeout", "message": "the name server does not answer"]] }
    loop.run(until: loop.now + .seconds(40 * 3600))
    XCTAssertEqual(loop.status["verified"], true)
    loop.observe = { _ in ["records": ["stolen"]] }
    loop.run(until: loop.now + .seconds(40 * 3600))
    XCTAssertEqual(loop.status["verified"], false)
    XCTAssertTrue(loop.events.contains { $0.reason == "VerificationLost" })
  }

  func testAssignmentWaitsForDomainThenApp() {
    let loop = ControllerLoop(
      DomainAssignmentController(), spec: ["hostname": "shop.eu.example.com", "app": .string(app.description)])
    var roots: [Value] = []
    loop.need = { need in roots.filter { root in need.matches[0].among.contains(root["spec"]["name"]) } }
    loop.related[app] = [
      "name": "shop", "ready": false,
      "status": [
        "conditions": [Condition("Ready", .no, reason: "Starting", message: "0 of 1 replicas are up", since: loop.now).value]
      ],
    ]
    loop.observe = { _ in ["records": ["192.0.2.1"]] }
    loop.run()
    XCTAssertEqual(loop.condition("Ready")?.reason, "WaitingForDomain")
    roots = [
      ["uid": "u1", "spec": ["name": "example.com"], "status": ["verified": true]],
      ["uid": "u2", "spec": ["name": "eu.example.com"], "status": ["verified": false]],
      ["uid": "u3", "spec": ["name": "other.com"], "status": ["verified": true]],
    ]
    loop.run()
    XCTAssertTrue(loop.condition("Ready")?.message.contains("eu.example.com") ?? false, "the longest domain counts")
    roots[1]["status"]["verified"] = true
    loop.run()
    XCTAssertEqual(loop.condition("Ready")?.message, "it waits for app shop: 0 of 1 replicas are up")
    loop.related[app] = ["name": "shop", "ready": true, "status": ["url": "http://127.0.0.1:8080", "phase": "Running"]]
    loop.run()
    XCTAssertEqual(loop.condition("Ready")?.truth, .yes)
    XCTAssertEqual(loop.status["live"], true)
    XCTAssertEqual(loop.status["domain"], "u2")
    let before = loop.status
    loop.run()
    XCTAssertEqual(loop.status, before)
  }

  func testExplicitDomainMustCoverTheHost() {
    let root = UID(high: 4, low: 9)
    let loop = ControllerLoop(
      DomainAssignmentController(),
      spec: ["hostname": "a.evilexample.com", "app": .string(app.description), "rootDomain": .string(root.description)])
    loop.related[root] = ["name": "example.com", "spec": ["name": "example.com"], "status": ["verified": true]]
    loop.run()
    XCTAssertEqual(loop.condition("DomainVerified")?.reason, "WrongDomain")
  }

  func testRestartBumpsTheAppOnceAndWaits() {
    let loop = ControllerLoop(AppRestartController(), spec: ["app": .string(app.description)])
    loop.related[app] = ["name": "shop", "ready": true, "spec": ["replicas": 2], "status": ["readyReplicas": 2]]
    loop.turn()
    guard case .update("App", app, let change)? = loop.writes.first else { return XCTFail("\(loop.writes)") }
    loop.related[app]?["spec"]["restartNonce"] = change["restartNonce"] ?? .null
    loop.related[app]?["ready"] = false
    loop.turn()
    XCTAssertEqual(loop.status["phase"], "Running")
    loop.related[app]?["ready"] = true
    loop.turn()
    XCTAssertEqual(loop.status["phase"], "Succeeded")
    XCTAssertEqual(loop.writes.count, 1)
  }

  func testRestartOfWhatNeverComesUpTimesOut() {
    let loop = ControllerLoop(AppRestartController(), spec: ["app": .string(app.description)])
    loop.related[app] = ["name": "shop", "ready": true, "spec": [:], "status": [:]]
    loop.turn()
    loop.related[app] = [
      "name": "shop", "ready": false, "spec": ["restartNonce": .string(loop.metadata.uid.description)], "status": [:],
    ]
    loop.run(until: loop.now + .seconds(1000))
    XCTAssertEqual(loop.status["phase"], "TimedOut")
  }
}
