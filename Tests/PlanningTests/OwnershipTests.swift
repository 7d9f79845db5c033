// Who may change what: sets, the API, taking over.
import Core
import Ports
import XCTest

@testable import Planning

final class OwnershipTests: XCTestCase {
  func testTheAPIMayNotChangeWhatASetStates() throws {
    let h = try PlannerHarness()
    let place = Place(file: "shop.yaml", line: 7, column: 9)
    h.apply([Intent(.apply, h.key("App", "web"), fields: ["port": 9000], places: ["/spec/port": place])], by: .set("shop"))
    let plan = h.plan([Intent(.patch, h.key("App", "web"), fields: ["port": 1])], by: .api)
    XCTAssertEqual(plan.problems.map(\.code), ["ownership"])
    XCTAssert(plan.problems[0].message.contains("set:shop at shop.yaml:7:9"), plan.problems[0].message)
    XCTAssertEqual(
      h.plan([Intent(.patch, h.key("App", "web"), fields: ["replicas": 3])], by: .api).problems, [], "other fields are free")
    XCTAssertEqual(
      h.plan([Intent(.patch, h.key("App", "web"), fields: ["port": 9000])], by: .api).problems, [],
      "the same value is no conflict")
  }

  func testTakingOverIsOnPurpose() throws {
    let h = try PlannerHarness()
    h.apply([Intent(.apply, h.key("App", "web"), fields: ["port": 9000])], by: .set("shop"))
    h.apply([Intent(.patch, h.key("App", "web"), fields: ["port": 1], takeOver: true)], by: .api)
    XCTAssertEqual(h.object("App", "web")?.spec["port"], 1)
    XCTAssertEqual(h.object("App", "web")?.owners["port"]?.manager, .api)
    let back = h.plan([Intent(.apply, h.key("App", "web"), fields: ["port": 9000])], by: .set("shop"))
    XCTAssertEqual(back.problems.map(\.code), ["ownership"], "and the set hears of it")
  }

  func testTwoSetsShareAnObjectByFields() throws {
    let h = try PlannerHarness()
    h.apply([Intent(.apply, h.key("App", "web"), fields: ["env": ["A": "1"]])], by: .set("one"))
    h.apply([Intent(.apply, h.key("App", "web"), fields: ["env": ["B": "2"]])], by: .set("two"))
    XCTAssertEqual(h.object("App", "web")?.spec["env"], ["A": "1", "B": "2"])
    h.apply([Intent(.apply, h.key("App", "web"))], by: .set("one"))
    XCTAssertEqual(h.object("App", "web")?.spec["env"], ["B": "2"], "leaving takes only one's own")
  }

  func testBlameKeepsTheCommitThatChangedTheValue() throws {
    let h = try PlannerHarness()
    h.apply([Intent(.apply, h.key("App", "web"), fields: ["port": 9000], place: Place(file: "a.yaml", line: 1, column: 1))])
    let first = h.object("App", "web")?.owners["port"]
    h.apply([
      Intent(
        .apply, h.key("App", "web"), fields: ["port": 9000, "replicas": 2], place: Place(file: "b.yaml", line: 5, column: 1))
    ])
    XCTAssertEqual(h.object("App", "web")?.owners["port"], first)
    XCTAssertEqual(h.object("App", "web")?.owners["replicas"]?.place?.file, "b.yaml")
  }

  func testPatchReplacesAMapAndNullClears() throws {
    let h = try PlannerHarness()
    h.apply([Intent(.create, h.key("App", "web"), fields: ["env": ["A": "1", "B": "2"], "health": ["path": "/x"]])], by: .api)
    h.apply([Intent(.patch, h.key("App", "web"), fields: ["env": ["C": "3"], "health": nil])], by: .api)
    XCTAssertEqual(h.object("App", "web")?.spec["env"], ["C": "3"])
    XCTAssertNil(h.object("App", "web")?.spec["health"])
  }
}
