// What people read: plans, tables, descriptions, golden to the letter.
import Core
import XCTest

@testable import PlumbCommand

final class OutputTests: XCTestCase {
  private let plan: Value = [
    "items": [
      [
        "action": "create", "kind": "App", "name": "web",
        "changes": [["path": "spec.port", "before": nil, "after": 8080, "secret": false]],
      ],
      [
        "action": "update", "kind": "App", "name": "api",
        "changes": [
          [
            "path": "spec.port", "before": 8080, "after": 9090, "secret": false,
            "owner": ["manager": "set:shop", "actor": "key:ci", "file": "shop.yaml", "line": 12, "commit": "0123456789abcdef"],
          ],
          ["path": "spec.token", "before": nil, "after": nil, "secret": true],
          ["path": "spec.title", "before": "A `b`", "after": nil, "secret": false],
        ],
      ],
      ["action": "delete", "kind": "App", "name": "old", "reason": "left the set", "changes": []],
    ],
    "summary": ["create": 1, "update": 1, "delete": 1, "adopt": 0, "unchanged": 5],
  ]

  func testAPlanForPeople() {
    let expected = """
      + create App/web
          spec.port: 8080
      ~ update App/api
          spec.port: 8080 -> 9090  (was set by set:shop at shop.yaml:12 in 0123456789ab)
          spec.token: (secret, changed)
          spec.title: "A `b`" -> (none)
      - delete App/old  (left the set)
      1 to create, 1 to update, 1 to delete, 5 unchanged

      """
    XCTAssertEqual(PlanText(console: Capture().console()).write(plan, done: false), expected)
  }

  func testAPlanForAPullRequest() {
    let expected = """
      ### Plumb plan for `shop`

      **1** to create, **1** to update, **1** to delete, **5** unchanged

      ```diff
      + create App/web
          spec.port: 8080
      ! update App/api
          spec.port: 8080 -> 9090  (was set by set:shop at shop.yaml:12 in 0123456789ab)
          spec.token: (secret, changed)
          spec.title: "A 'b'" -> (none)
      - delete App/old  (left the set)
      ```

      """
    XCTAssertEqual(PlanMarkdown.write(plan, set: "shop"), expected)
  }

  func testNothingToDo() {
    let plan: Value = ["items": [], "summary": ["unchanged": 0]]
    XCTAssertEqual(PlanText(console: Capture().console()).write(plan, done: true), "nothing to do\n")
    XCTAssert(PlanMarkdown.write(plan, set: "shop").contains("Nothing to do"))
  }

  func testColoursOnlyWhereTheyAreWanted() {
    XCTAssert(
      PlanText(console: Capture().console(colours: true)).write(plan, done: false).contains("\u{1B}[32m+ create App/web\u{1B}[0m")
    )
    XCTAssertFalse(PlanText(console: Capture().console()).write(plan, done: false).contains("\u{1B}"))
  }

  private func object(_ name: String, ready: Bool, port: Int) -> Value {
    [
      "apiVersion": "deploy/v1", "kind": "App",
      "metadata": [
        "tenant": "root", "name": .string(name), "uid": "u", "generation": 2, "version": 3, "createdAt": "2026-01-01T00:00:00Z",
      ],
      "spec": ["port": .int(port), "costCents": 5, "env": ["A": "b"]],
      "status": [
        "conditions": [["type": "Ready", "status": ready ? "True" : "False", "reason": "Starting", "message": "Not up yet."]]
      ],
      "ready": .bool(ready),
    ]
  }

  private func text(_ form: String) -> ObjectText {
    ObjectText(console: Capture().console(), form: form, now: Timestamp("2026-01-01T03:00:00Z") ?? Timestamp(microseconds: 0))
  }

  func testTables() {
    let objects = [object("web", ready: true, port: 80), object("api\u{1B}[2J", ready: false, port: 8080)]
    let expected = """
      NAME      READY      PORT   COST-CENTS   AGE
      web       True       80     5            3h
      api [2J   Starting   8080   5            3h

      """
    XCTAssertEqual(text("table").write(objects, single: false), expected)
    XCTAssertEqual(text("name").write([objects[0]], single: true), "App/web\n")
    XCTAssert(text("wide").write(objects, single: false).contains("Not up yet."))
  }

  func testFormsForPrograms() throws {
    let one = object("web", ready: true, port: 80)
    XCTAssertEqual(try JSON.parse(text("json").write([one], single: true)), one)
    XCTAssertEqual(try JSON.parse(text("json").write([one], single: false))["items"].list, [one])
    XCTAssert(text("yaml").write([one, one], single: false).contains("\n---\n"))
  }

  func testADescription() {
    var one = object("web", ready: false, port: 80)
    one["owners"] = ["port": ["manager": "set:shop", "actor": "key:ci", "file": "shop.yaml", "line": 3]]
    one["spec"]["token"] = ["$secret": true]
    let page = DescribeVerb.page(
      one, story: [["at": "2026-01-01T00:59:00Z", "reason": "Started", "message": "It runs.", "warning": false]],
      now: Timestamp("2026-01-01T01:00:00Z") ?? Timestamp(microseconds: 0), console: Capture().console())
    for line in [
      "App/web\n", "  port: 80  (set:shop at shop.yaml:3)\n", "  token: (secret)\n", "60s   Normal   Started   It runs.\n",
    ] {
      XCTAssert(page.contains(line), page)
    }
  }
}
