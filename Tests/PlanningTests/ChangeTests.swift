// What becomes of an object besides being written: replaced, renamed, handed over, shared, taken back.
import Core
import Kinds
import Ports
import XCTest

@testable import Planning

final class ChangeTests: XCTestCase {
  // MARK: Replace

  func testAnImmutableFieldForcesAReplacementThatReferrersFollow() throws {
    let h = try PlannerHarness()
    h.apply([
      Intent(.apply, h.key("Zone", "eu"), fields: ["region": "west"]),
      Intent(.apply, h.key("Host", "one"), fields: ["zone": "eu"]),
    ])
    let old = try XCTUnwrap(h.object("Zone", "eu"))
    let plan = h.apply([Intent(.apply, h.key("Zone", "eu"), fields: ["region": "north"])])
    XCTAssertEqual(plan.problems, [])
    let item = try XCTUnwrap(plan.items.first { $0.action == .replace })
    XCTAssertEqual(item.forcedBy, ["region"])
    XCTAssertEqual(item.replaces, old.uid)
    XCTAssertEqual(item.effects, ["moves every host of eu"])
    XCTAssertEqual(plan.count(.delete), 0, "the old one is part of the replacement")
    let new = try XCTUnwrap(h.objects.values.first { $0.kind == "Zone" && $0.name == "eu" })
    XCTAssertNotEqual(new.uid, old.uid)
    XCTAssertEqual(h.object("Host", "one")?.spec["zone"]?.string, new.uid.description)
    XCTAssertNil(h.objects[old.uid])
  }

  func testReferrersOfTheSamePlanFollowToo() throws {
    let h = try PlannerHarness()
    let host = Intent(.apply, h.key("Host", "one"), fields: ["zone": "eu"])
    h.apply([Intent(.apply, h.key("Zone", "eu"), fields: ["region": "west"]), host])
    for order in [[0, 1], [1, 0]] {
      let both = [Intent(.apply, h.key("Zone", "eu"), fields: ["region": .string("north\(order[0])")]), host]
      let plan = h.apply(order.map { both[$0] })
      XCTAssertEqual(plan.problems, [])
      XCTAssertEqual(h.object("Host", "one")?.spec["zone"]?.string, h.object("Zone", "eu")?.uid.description)
    }
  }

  func testAnObjectWithCleanupGivesItsNameAndKeysAway() throws {
    let h = try PlannerHarness()
    h.cleanup = ["Zone"]
    h.apply([Intent(.apply, h.key("Zone", "eu"), fields: ["region": "west"])])
    let plan = h.plan([Intent(.apply, h.key("Zone", "eu"), fields: ["region": "north"])])
    let going = try XCTUnwrap(plan.commit.writes.first { $0.operation == .startDelete })
    XCTAssert(going.freesKeys)
    XCTAssert(going.object.name.hasPrefix("eu~"))
    XCTAssertEqual(plan.commit.writes.first { $0.operation == .create }?.object.name, "eu")
  }

  func testTheAPIAndProtectedObjectsAreNotReplaced() throws {
    let h = try PlannerHarness()
    h.apply([Intent(.apply, h.key("Zone", "eu"), fields: ["region": "west"])])
    XCTAssertEqual(
      h.plan([Intent(.patch, h.key("Zone", "eu"), fields: ["region": "north"], takeOver: true)], by: .api).problems.map(\.code),
      ["immutable"])
    h.apply([Intent(.patch, h.key("Zone", "eu"), protect: true)], by: .api)
    let wish = [Intent(.apply, h.key("Zone", "eu"), fields: ["region": "north"])]
    XCTAssertEqual(h.plan(wish).problems.map(\.code), ["protected"])
    h.confirmed = true
    XCTAssertEqual(h.plan(wish).problems, [])
  }

  // MARK: Rename

  func testARenameKeepsUidReferencesAndManager() throws {
    let h = try PlannerHarness()
    h.apply([Intent(.apply, h.key("Project", "p")), Intent(.apply, h.key("App", "a"), fields: ["project": "p"])])
    let before = try XCTUnwrap(h.object("Project", "p"))
    var rename = Intent(.patch, h.key("Project", "p"))
    rename.newName = "q"
    let plan = h.apply([rename], by: .api)
    XCTAssertEqual(plan.problems, [])
    XCTAssertEqual(plan.items.map(\.action), [.rename])
    XCTAssertEqual(plan.items.first?.formerName, "p")
    let after = try XCTUnwrap(h.object("Project", "q"))
    XCTAssertEqual(after.uid, before.uid)
    XCTAssertEqual(after.owners["name"]?.manager, .set("one"), "a rename is no taking over")
    XCTAssertEqual(h.object("App", "a")?.spec["project"]?.string, before.uid.description)
  }

  func testMovedFromRenamesOnceAndThenSaysNothing() throws {
    let h = try PlannerHarness()
    h.apply([Intent(.apply, h.key("Project", "p"), fields: ["title": "T"])])
    let uid = try XCTUnwrap(h.object("Project", "p")).uid
    var moved = Intent(.apply, h.key("Project", "q"), fields: ["title": "T"])
    moved.movedFrom = "p"
    XCTAssertEqual(h.apply([moved]).items.map(\.action), [.rename])
    XCTAssertEqual(h.object("Project", "q")?.uid, uid)
    XCTAssertEqual(h.apply([moved]).items.map(\.action), [.unchanged])
    h.apply([Intent(.create, h.key("Project", "p"))], by: .api)
    XCTAssertEqual(h.plan([moved]).problems.map(\.code), ["rename"], "two objects cannot become one")
  }

  func testANameThatIsTakenIsRefused() throws {
    let h = try PlannerHarness()
    h.apply([Intent(.apply, h.key("Project", "p")), Intent(.apply, h.key("Project", "q"))])
    var rename = Intent(.patch, h.key("Project", "p"))
    rename.newName = "q"
    XCTAssertEqual(h.plan([rename], by: .api).problems.map(\.category), [.conflict])
  }

  // MARK: Managers

  func testAValueThatTwoSetsStateStaysWhenOneLetsGo() throws {
    let h = try PlannerHarness()
    h.apply([Intent(.apply, h.key("App", "web"), fields: ["replicas": 5])], by: .set("one"))
    h.apply([Intent(.apply, h.key("App", "web"), fields: ["replicas": 5])], by: .set("two"))
    XCTAssertEqual(h.object("App", "web")?.owners["replicas"]?.also.map(\.manager), [.set("two")])
    XCTAssertEqual(
      h.plan([Intent(.apply, h.key("App", "web"), fields: ["replicas": 6])], by: .set("one")).problems.map(\.code), ["ownership"],
      "the other states it too")
    h.apply([Intent(.apply, h.key("App", "web"))], by: .set("one"))
    XCTAssertEqual(h.object("App", "web")?.spec["replicas"], 5)
    XCTAssertEqual(h.object("App", "web")?.owners["replicas"]?.manager, .set("two"))
    h.apply([Intent(.apply, h.key("App", "web"))], by: .set("two"))
    XCTAssertEqual(h.object("App", "web")?.spec["replicas"], 1, "nobody states it any more: the default")
  }

  func testAnUnmanagedFieldKeepsItsValueAndIsAnybodys() throws {
    let h = try PlannerHarness()
    h.apply([Intent(.apply, h.key("App", "web"), fields: ["replicas": 5, "env": ["A": "1", "B": "2"]])])
    var leaving = Intent(.apply, h.key("App", "web"), fields: ["env": ["A": "1"]])
    leaving.unmanaged = ["replicas", "env.B"]
    XCTAssertEqual(h.apply([leaving]).problems, [])
    let object = try XCTUnwrap(h.object("App", "web"))
    XCTAssertEqual(object.spec["replicas"], 5)
    XCTAssertEqual(object.spec["env"], ["A": "1", "B": "2"])
    XCTAssertNil(object.owners["replicas"])
    XCTAssertEqual(h.apply([Intent(.patch, h.key("App", "web"), fields: ["replicas": 7])], by: .api).problems, [])
    XCTAssertEqual(h.apply([leaving]).problems, [])
    XCTAssertEqual(h.object("App", "web")?.spec["replicas"], 7, "the set has let go of it")
    leaving.fields["replicas"] = 1
    XCTAssertEqual(h.plan([leaving]).problems.map(\.code).contains("unmanaged"), true)
  }

  func testHandover() throws {
    let h = try PlannerHarness()
    h.apply([Intent(.apply, h.key("App", "web"), fields: ["replicas": 5, "env": ["A": "1"]])], by: .set("one"))
    var handover = Intent(.patch, h.key("App", "web"))
    handover.handover = .init(to: .set("two"), fields: ["env"])
    let plan = h.apply([handover], by: .api)
    XCTAssertEqual(plan.problems, [])
    XCTAssertEqual(plan.items.first?.changes.map(\.path), ["metadata.manager.env.A"])
    XCTAssertEqual(h.object("App", "web")?.owners["env.A"]?.manager, .set("two"))
    XCTAssertEqual(h.object("App", "web")?.owners["replicas"]?.manager, .set("one"))
    XCTAssertEqual(h.object("App", "web")?.generation, 1, "no value changed")
    handover.handover = .init(to: nil, fields: ["nothing"])
    XCTAssertEqual(h.plan([handover], by: .api).problems.map(\.code), ["unknown_field"])
  }

  func testWhatAnotherSetStatesSurvivesThePrune() throws {
    let h = try PlannerHarness()
    h.apply([Intent(.apply, h.key("App", "web"), fields: ["env": ["A": "1"], "port": 1])], by: .set("one"))
    h.apply([Intent(.apply, h.key("App", "web"), fields: ["env": ["B": "2"]])], by: .set("two"))
    let uid = try XCTUnwrap(h.object("App", "web")).uid
    let plan = h.apply([], by: .set("one"), prune: [uid])
    XCTAssertEqual(plan.count(.delete), 0)
    XCTAssertEqual(h.object("App", "web")?.spec["env"], ["B": "2"])
    XCTAssertEqual(h.apply([], by: .set("two"), prune: [uid]).count(.delete), 1, "the last one takes it along")
  }

  // MARK: Order and way back

  func testDeletionsGoInReverseOrderOfDependency() throws {
    let h = try PlannerHarness()
    h.cleanup = ["App"]
    h.apply([
      Intent(.apply, h.key("Project", "p")), Intent(.apply, h.key("Project", "q"), fields: ["parent": "p"]),
      Intent(.apply, h.key("App", "a"), fields: ["project": "q"]),
    ])
    let uids = ["p", "q"].compactMap { h.object("Project", $0)?.uid } + [h.object("App", "a")!.uid]
    for prune in [uids, uids.reversed()] {
      let plan = h.plan([], prune: prune)
      XCTAssertEqual(plan.problems, [])
      XCTAssertEqual(plan.items.map(\.name), ["a", "q", "p"])
      XCTAssertEqual(
        plan.commit.writes.map(\.operation), [.startDelete, .startDelete, .startDelete], "who is waited for goes first")
    }
  }

  func testARevertGivesValuesAndManagersBack() throws {
    let h = try PlannerHarness()
    h.apply([Intent(.apply, h.key("App", "web"), fields: ["port": 1, "env": ["A": "1"]])], by: .set("one"))
    let then = try XCTUnwrap(h.object("App", "web"))
    h.apply([Intent(.apply, h.key("App", "web"), fields: ["port": 2])], by: .set("one"))
    var revert = Intent(.revert, .uid(tenant: h.tenant, kind: "App", then.uid), fields: then.spec, labels: [:])
    revert.owners = then.owners
    revert.newName = "web"
    XCTAssertEqual(h.apply([revert], by: .api).problems, [])
    XCTAssertEqual(h.object("App", "web")?.spec, then.spec)
    XCTAssertEqual(h.object("App", "web")?.owners, then.owners)
    h.apply([Intent(.delete, h.key("App", "web"))], by: .api)
    XCTAssertEqual(h.apply([revert], by: .api).items.map(\.action), [.create])
    XCTAssertEqual(h.object("App", "web")?.uid, then.uid, "what was deleted comes back as itself")
  }
}
