// Deletions: what goes along, what forbids them, what is left.
import Core
import Ports
import XCTest

@testable import Planning

final class DeletionTests: XCTestCase {
  private func world() throws -> PlannerHarness {
    let h = try PlannerHarness()
    h.apply([
      Intent(.apply, h.key("Project", "p")), Intent(.apply, h.key("App", "a"), fields: ["project": "p", "port": 1]),
      Intent(.apply, h.key("App", "b"), fields: ["mate": "a", "port": 2]),
    ])
    return h
  }

  func testCascadeAndClear() throws {
    let h = try world()
    let plan = h.apply([Intent(.delete, h.key("Project", "p"))], by: .api)
    XCTAssertEqual(plan.problems, [])
    XCTAssertEqual(plan.count(.delete), 2)
    XCTAssertEqual(plan.items.first { $0.name == "a" }?.reason, "goes with Project/p")
    XCTAssertNil(h.object("App", "a"))
    XCTAssertNil(try XCTUnwrap(h.object("App", "b")).spec["mate"])
  }

  /// What goes along without having been named is told, so that somebody can be asked.
  func testWhatGoesAlongIsTold() throws {
    let h = try world()
    let alone = h.plan([Intent(.delete, h.key("Project", "p"))], by: .api)
    XCTAssertEqual(alone.takesAlong.map(\.message), ["Project/p takes 1 App (a) along."])
    XCTAssertEqual(alone.takesAlong[0].details["dependencies"]?.list?.first?["type"], "App")
    let named = h.plan([Intent(.delete, h.key("Project", "p")), Intent(.delete, h.key("App", "a"))], by: .api)
    XCTAssertEqual(named.takesAlong, [])
    XCTAssertEqual(h.plan([Intent(.delete, h.key("Project", "p"), force: true)], by: .api).takesAlong, [], "--cascade says so")
    XCTAssertEqual(
      h.plan([Intent(.delete, h.key("App", "a"))], by: .api).takesAlong, [], "a reference that is cleared takes nothing")
  }

  func testRestrictNamesWhoUsesIt() throws {
    let h = try world()
    h.apply([Intent(.apply, h.key("Note", "n"), fields: ["project": "p"])], by: .set("notes"))
    let plan = h.plan([Intent(.delete, h.key("Project", "p"))], by: .api)
    XCTAssertEqual(plan.problems.map(\.code), ["restricted"])
    XCTAssertEqual(plan.problems[0].details["dependencies"]?.list?.first?["type"], "Note")
    XCTAssertEqual(h.plan([Intent(.delete, h.key("Project", "p"), force: true)], by: .api).problems, [])
    let both = h.plan([Intent(.delete, h.key("Project", "p")), Intent(.delete, h.key("Note", "n"))], by: .api)
    XCTAssertEqual(both.problems, [], "together they may go")
  }

  func testProtectedStays() throws {
    let h = try world()
    h.apply([Intent(.patch, h.key("Project", "p"), protect: true)], by: .api)
    XCTAssertEqual(h.plan([Intent(.delete, h.key("Project", "p"))], by: .api).problems.map(\.code), ["protected"])
    let uid = try XCTUnwrap(h.object("Project", "p")).uid
    XCTAssertEqual(h.plan([], prune: [uid]).problems.map(\.code), ["protected"], "protection survives the manifest")
  }

  func testPruneFollowsReferences() throws {
    let h = try world()
    let uid = try XCTUnwrap(h.object("Project", "p")).uid
    let plan = h.apply([Intent(.apply, h.key("App", "a"), fields: ["port": 1])], prune: [uid])
    XCTAssertEqual(plan.problems, [], "the set no longer refers to what it drops")
    XCTAssertNotNil(h.object("App", "a"))
    XCTAssertNil(h.object("Project", "p"))
  }
}
