// What an apply makes of a set: creation, change, nothing, references, defaults, problems all at once.
import Core
import Kinds
import Ports
import XCTest

@testable import Planning

final class ApplyTests: XCTestCase {
  private func app(_ h: PlannerHarness, _ name: String, _ fields: ObjectMap = [:], by operation: Intent.Operation = .apply)
    -> Intent
  {
    Intent(operation, h.key("App", name), fields: fields)
  }

  func testCreatesWithDefaultsAndMintsOnce() throws {
    let h = try PlannerHarness()
    let plan = h.apply([app(h, "web")])
    XCTAssertEqual(plan.problems, [])
    let web = try XCTUnwrap(h.object("App", "web"))
    XCTAssertEqual(web.spec["port"], 8080)
    XCTAssertEqual(web.spec["name"], "web")
    let token = try XCTUnwrap(plan.minted[web.uid]?["token"])
    XCTAssert(token.hasPrefix("app_"))
    XCTAssertEqual(web.spec["token"]?["$hash"], .string("h(\(token))"))
    XCTAssertEqual(web.owners["port"]?.manager, .standard)
    XCTAssert(web.isReady, "a kind without controller is ready once stored")
    XCTAssertFalse("\(plan.items)".contains(token), "a plan never shows a secret")
  }

  func testTheSameSetTwiceChangesNothing() throws {
    let h = try PlannerHarness()
    let set = [
      Intent(.apply, h.key("Project", "p"), fields: ["title": "P"]),
      app(h, "web", ["project": "p", "env": ["A": "1"], "port": 9000]),
    ]
    h.apply(set)
    let again = h.apply(set)
    XCTAssertEqual(again.items.map(\.action), [.unchanged, .unchanged])
    XCTAssert(again.commit.writes.isEmpty)
    XCTAssertLessThanOrEqual(h.rounds, 3)
  }

  func testAKeyThatNamesANewObjectIsFreeAndOnesOfTheSameSetCollide() throws {
    let h = try PlannerHarness()
    let project = Intent(.apply, h.key("Project", "p"))
    let lease = Intent(.apply, h.key("Lease", "a"), fields: ["project": "p"])
    XCTAssertEqual(h.plan([project, lease]).problems, [])
    XCTAssertLessThanOrEqual(h.rounds, 4)
    let second = Intent(.apply, h.key("Lease", "b"), fields: ["project": "p"])
    XCTAssertEqual(h.plan([project, lease, second]).problems.map(\.code), ["leased"])
    h.apply([project, lease])
    XCTAssertEqual(h.plan([second]).problems.map(\.code), ["leased"])
  }

  func testNamesBecomeUIDsInAnyOrder() throws {
    let h = try PlannerHarness()
    let plan = h.apply([app(h, "web", ["project": "p"]), Intent(.apply, h.key("Project", "p"))])
    XCTAssertEqual(plan.problems, [])
    XCTAssertEqual(h.object("App", "web")?.spec["project"]?.string, h.object("Project", "p")?.uid.description)
    XCTAssertEqual(plan.commit.writes.first { $0.object.kind == "App" }?.references.count, 1)
  }

  func testMissingReferenceNamesTheNearest() throws {
    let h = try PlannerHarness()
    let plan = h.plan([app(h, "web", ["project": "shpo"]), Intent(.apply, h.key("Project", "shop"))])
    XCTAssertEqual(plan.problems.map(\.code), ["missing_reference"])
    XCTAssertEqual(plan.problems[0].fix, "Did you mean shop?")
    XCTAssertEqual(plan.problems[0].pointer, "/spec/project")
    XCTAssert(plan.commit.writes.isEmpty, "nothing is done while there is a problem")
  }

  func testAllProblemsAtOnce() throws {
    let h = try PlannerHarness()
    let plan = h.plan([
      app(h, "a", ["project": "none", "replicas": 20]), app(h, "b", ["colour": "red"]), app(h, "a"),
      Intent(.patch, h.key("App", "ghost")),
    ])
    XCTAssertEqual(
      Set(plan.problems.map(\.code)),
      ["missing_reference", "unhealthy", "unknown_field", "duplicate_object", "not_found", "port_taken"])
  }

  func testLeavingAFieldOutGivesItBack() throws {
    let h = try PlannerHarness()
    h.apply([app(h, "web", ["port": 9000, "env": ["A": "1", "B": "2"]])])
    let plan = h.apply([app(h, "web", ["env": ["B": "2"]])])
    XCTAssertEqual(plan.problems, [])
    let web = try XCTUnwrap(h.object("App", "web"))
    XCTAssertEqual(web.spec["port"], 8080, "the default is back")
    XCTAssertEqual(web.spec["env"], ["B": "2"])
    XCTAssertEqual(web.generation, 2)
  }

  func testMembersOfAnObjectHaveDefaults() throws {
    let h = try PlannerHarness()
    let set = [app(h, "web", ["health": ["path": "/"]])]
    h.apply(set)
    XCTAssertEqual(h.object("App", "web")?.spec["health"], ["path": "/", "retries": 3])
    XCTAssertEqual(h.object("App", "web")?.owners["health.retries"]?.manager, .standard)
    XCTAssert(h.apply(set).commit.writes.isEmpty)
    h.apply([app(h, "web")])
    XCTAssertNil(h.object("App", "web")?.spec["health"], "no defaults of an object that nobody states")
  }

  func testImmutableAndMoves() throws {
    let h = try PlannerHarness()
    h.apply([app(h, "web", ["state": "live"])])
    XCTAssertEqual(h.plan([app(h, "web", ["state": "draft"])]).problems.map(\.code), ["state"])
    XCTAssertEqual(h.plan([app(h, "web", ["state": "gone"])]).problems, [])
  }

  func testRulesSeeReferencedObjects() throws {
    let h = try PlannerHarness()
    let many: ObjectMap = ["replicas": 60, "health": ["path": "/"], "project": "small"]
    let set = [Intent(.apply, h.key("Project", "small")), Intent(.apply, h.key("Project", "big"))]
    XCTAssertEqual(h.plan(set + [app(h, "web", many)]).problems.map(\.message), ["Only the project big may have so many."])
    var big = many
    big["project"] = "big"
    XCTAssertEqual(h.apply(set + [app(h, "web", big)]).problems, [])
  }

  func testCyclesAreNamed() throws {
    let h = try PlannerHarness()
    let plan = h.plan([app(h, "a", ["mate": "b", "port": 1]), app(h, "b", ["mate": "a", "port": 2])])
    XCTAssertEqual(plan.problems.map(\.code), ["cycle"])
    XCTAssert(
      plan.problems[0].message.contains("App/a -> App/b -> App/a") || plan.problems[0].message.contains("App/b -> App/a -> App/b")
    )
  }

  func testTreesEnd() throws {
    let h = try PlannerHarness()
    h.apply([Intent(.apply, h.key("Project", "a")), Intent(.apply, h.key("Project", "b"), fields: ["parent": "a"])])
    let plan = h.plan([Intent(.patch, h.key("Project", "a"), fields: ["parent": "b"])], by: .api)
    XCTAssertEqual(plan.problems.map(\.code), ["cycle"])
  }

  func testUniqueKeysWithinAndAgainstTheStore() throws {
    let h = try PlannerHarness()
    h.apply([app(h, "a", ["port": 1])])
    XCTAssertEqual(h.plan([app(h, "b", ["port": 1])]).problems.map(\.code), ["port_taken"])
    XCTAssertEqual(h.plan([app(h, "b", ["port": 2]), app(h, "c", ["port": 2])]).problems.map(\.code), ["port_taken"])
    XCTAssertEqual(
      h.plan([app(h, "a", ["port": 2]), app(h, "b", ["port": 1])]).problems, [], "keys may change hands within one set")
  }

  func testLimitsNamePlanLimitAndCount() throws {
    let h = try PlannerHarness()
    h.limits = TenantLimits(plan: "Free", most: ["App": 2])
    h.apply([app(h, "a", ["port": 1])])
    let plan = h.plan([app(h, "b", ["port": 2]), app(h, "c", ["port": 3])])
    XCTAssertEqual(plan.problems.map(\.code), ["limit_exceeded"])
    XCTAssertEqual(plan.problems[0].message, "Plan Free allows 2 App objects; the tenant has 1 and this adds 2.")
    let fits = h.plan([app(h, "b", ["port": 2])])
    XCTAssertEqual(fits.problems, [])
    XCTAssert(fits.commit.pins.contains { if case .atMost = $0 { true } else { false } }, "the limit holds under lock too")
  }

  func testEntitlementsNamePlanAndKeyAndBindOnlyWhatIsSold() throws {
    let h = try PlannerHarness()
    XCTAssertEqual(h.plan([app(h, "a", ["port": 1, "replicas": 4])]).problems, [], "no plan names it: nobody needs it")
    h.grants = TenantGrants(plan: "Slim", granted: ["copies": 2], sold: ["copies": ["Slim", "Wide"], "tokens": ["Wide"]])
    let refused = h.plan([app(h, "a", ["port": 1, "replicas": 4])])
    XCTAssertEqual(refused.problems.map(\.code), ["entitlement_missing"])
    XCTAssertEqual(refused.problems[0].category, .refused)
    XCTAssertEqual(refused.problems[0].message, "Plan Slim grants 2 of the entitlement copies; this needs 4.")
    XCTAssertEqual(refused.problems[0].fix, "Choose a plan with more of it: Wide.")
    h.apply([app(h, "a", ["port": 1, "replicas": 2])])
    XCTAssertEqual(h.plan([app(h, "a", ["port": 1, "replicas": 3])]).problems.map(\.code), ["entitlement_missing"])
    h.grants = TenantGrants(plan: nil, granted: [:], sold: ["copies": ["Wide"], "tokens": ["Wide"]])
    XCTAssertEqual(h.plan([app(h, "a", ["port": 1, "replicas": 1])]).problems, [], "what is there stays, and may shrink")
    let note = h.plan([Intent(.apply, h.key("Note", "n"), fields: ["project": "p"]), Intent(.apply, h.key("Project", "p"))])
    XCTAssertEqual(note.problems.map(\.code), ["entitlement_missing"])
    XCTAssertEqual(note.problems[0].message, "The tenant has no plan that includes the entitlement tokens.")
  }
}
