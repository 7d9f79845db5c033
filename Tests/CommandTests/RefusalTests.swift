// What is refused, from the shell: faulty manifests, conflicts, guards, permissions; each with its exit code and its place.
import Core
import Foundation
import TestSupport
import XCTest

@testable import PlumbCommand

final class RefusalTests: LiveTestCase {
  private let head = "apiVersion: deploy/v1\nkind: Project\n"

  private func apply(_ text: String, set: String = "bad", _ more: String..., environment: [String: String] = [:]) throws -> Run {
    let child = try start(["apply", "-f", "-", "--set", set] + more, environment: environment, input: text)
    return child.finish()
  }

  func testFaultyManifestsAreNamedAtTheirPlace() throws {
    let cases: [(text: String, code: Int32, says: [String])] = [
      ("apiVersion: deploy/v1\nkind: Projct\nmetadata: {name: a}\n", 3, ["-:2:", "Project"]),
      (head + "metadata: {name: a}\nspec: {titel: x}\n", 3, ["-:4:", "titel", "title"]),
      (head + "metadata: {name: a}\nspec: {title: 7}\n", 3, ["-:4:", "/spec/title"]),
      (head + "metadata: {name: a}\nspec: {title: x, title: y}\n", 3, ["-:4:", "title"]),
      (head + "metadata: {name: a}\n---\n" + head + "metadata: {name: a}\n", 3, ["Project/a", "twice"]),
      ("apiVersion: deploy/v1\nkind: Server\nmetadata: {name: a}\nspec: {pool: nowhere}\n", 3, ["-:4:", "ServerPool/nowhere"]),
      ("apiVersion: deploy/v1\nkind: Server\nmetadata: {name: a}\nspec: {capacity: 10001}\n", 3, ["-:4:", "10000"]),
      (
        "apiVersion: platform/v1\nkind: Role\nmetadata: {name: a}\nspec: {parent: b}\n---\napiVersion: platform/v1\nkind: Role\n"
          + "metadata: {name: b}\nspec: {parent: a}\n", 3, ["Role/"]
      ),
      ("a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n" + bomb(), 3, ["alias"]),
      (
        "apiVersion: deploy/v1\nkind: NotificationChannel\nmetadata: {name: a}\nspec: {type: slack, url: 'https://x'}\n", 3,
        ["/spec/url", "plain text"]
      ),
      (
        "apiVersion: deploy/v1\nkind: NotificationChannel\nmetadata: {name: a}\nspec: {type: slack, url: {env: NOT_SET_HERE}}\n",
        3,
        ["/spec/url", "NOT_SET_HERE"]
      ),
      ("[1, 2]\n", 3, ["-:1:2", "-:1:5"]),
      (head + "metadata: {name: a\n", 3, ["-:"]),
    ]
    for (text, code, says) in cases {
      let run = try apply(text)
      XCTAssertEqual(run.code, code, text + run.error)
      for word in says { XCTAssert(run.error.contains(word), "\(word)\n\(text)\n\(run.error)") }
    }
    XCTAssertEqual(try plumb("get", "Project/a").code, 1, "nothing of a faulty set is applied")
  }

  /// Doubles a list at each of thirty levels.
  private func bomb() -> String {
    var text = "l0: &l0 [x, x]\n"
    for n in 1...30 { text += "l\(n): &l\(n) [*l\(n - 1), *l\(n - 1)]\n" }
    return text
  }

  func testAFaultyObjectsReferencesAreToldTooAndFollowFromTopToBottom() throws {
    let app = "apiVersion: deploy/v1\nkind: App\n"
    let run = try apply(
      app + "metadata: {name: x}\nspec: {project: nowhere, port: 0}\n---\n" + app
        + "metadata: {name: y}\nspec: {project: z, server: x}\n---\n"
        + head + "metadata: {name: z}\nspec: {title: 5}\n")
    XCTAssertEqual(run.code, 3)
    let lines = run.error.split(separator: "\n").map(String.init)
    let expected = ["-:4:17", "-:4:32", "-:9:28", "-:14:15", "4 errors"]
    XCTAssertEqual(lines.count, expected.count, run.error)
    for (line, part) in zip(lines, expected) { XCTAssert(line.contains(part), "\(part): \(line)") }
  }

  func testTheRootAnswersReadsOnly() throws {
    let http = CaseHTTP(port: try server().port)
    for path in ["/livez", "/readyz", "/metrics", "/.well-known/jwks.json"] {
      XCTAssertEqual(try http.send(CaseRequest("GET", path)).status, 200, path)
      for method in ["POST", "TRACE", "DELETE", "get"] {
        XCTAssertEqual(try http.send(CaseRequest(method, path)).status, 405, path)
      }
      XCTAssertEqual(try http.send(CaseRequest("OPTIONS", path)).status, 204, path)
    }
    XCTAssertEqual(try http.send(CaseRequest("OPTIONS", "*")).status, 204)
  }

  func testAllFaultsAtOnce() throws {
    let run = try apply(
      head + "metadata: {name: x}\nspec: {titel: 1}\n---\n" + head + "metadata: {name: UPPER}\nspec: {title: 5}\n")
    XCTAssertEqual(run.code, 3)
    XCTAssert(run.error.contains("-:4:") && run.error.contains("-:9:"), run.error)
  }

  func testAnImmutableFieldStays() throws {
    let head = "apiVersion: platform/v1\nkind: "
    let users = ["a", "b"].map { head + "User\nmetadata: {name: fixed-\($0)@example.com}\n---\n" }.joined()
    func key(_ user: String) -> String { head + "ApiKey\nmetadata: {name: fixed}\nspec: {user: fixed-\(user)@example.com}\n" }
    let first = try apply(users + key("a"), set: "fixed")
    XCTAssertEqual(first.code, 0, first.error)
    let second = try apply(users + key("b"), set: "fixed")
    XCTAssertEqual(second.code, 3, second.error)
    XCTAssert(second.error.contains("ApiKey/fixed") && second.error.contains("/spec/user"), second.error)
  }

  func testTwoSetsDoNotOverwriteEachOther() throws {
    XCTAssertEqual(try apply(head + "metadata: {name: owned}\nspec: {title: Mine}\n", set: "one").code, 0)
    let other = head + "metadata: {name: owned}\nspec: {title: Yours}\n"
    let conflict = try apply(other, set: "two")
    XCTAssertEqual(conflict.code, 5, conflict.error)
    XCTAssert(conflict.error.contains("set:one"), conflict.error)
    XCTAssertEqual(try apply(other, set: "two", "--take-over").code, 0)
  }

  func testPruneAsksBeforeItDeletesMuch() throws {
    let all = (1...12).map { head + "metadata: {name: pruned-\($0)}\n" }.joined(separator: "---\n")
    XCTAssertEqual(try apply(all, set: "pruned").code, 0)
    let one = head + "metadata: {name: pruned-1}\n"
    XCTAssertEqual(try apply(one, set: "pruned").code, 0, "without --prune nothing goes")
    XCTAssertEqual(try plumb("get", "Project/pruned-2").code, 0)
    let asked = try apply(one, set: "pruned", "--prune")
    XCTAssertEqual(asked.code, 7, asked.error)
    let token =
      asked.error.components(separatedBy: "--confirm ").dropFirst().first?.split(separator: " ").first.map(String.init) ?? ""
    XCTAssertEqual(try apply(one, set: "pruned", "--prune", "--confirm", "wrong").code, 7)
    let done = try apply(one, set: "pruned", "--prune", "--confirm", token)
    XCTAssertEqual(done.code, 0, done.error)
    XCTAssert(done.out.contains("11 deleted"), done.out)
    XCTAssertEqual(try apply("# nothing\n", set: "pruned", "--prune").code, 3)
    XCTAssertEqual(try plumb("get", "Project/pruned-1").code, 0)
  }

  func testWhatIsProtectedStays() throws {
    XCTAssertEqual(try apply(head + "metadata: {name: kept, protect: true}\n", set: "kept").code, 0)
    let refused = try plumb("delete", "Project/kept")
    XCTAssertEqual(refused.code, 7, refused.error)
    XCTAssert(refused.error.contains("protected"), refused.error)
  }

  func testALimitOfAPlanRefusesAtPlanTime() throws {
    let platform = """
      apiVersion: platform/v1
      kind: Plan
      metadata: {name: small}
      spec: {title: Small, limits: {Project: 1}}
      ---
      apiVersion: platform/v1
      kind: Tenant
      metadata: {name: limited}
      ---
      apiVersion: platform/v1
      kind: Subscription
      metadata: {name: limited-small}
      spec: {tenant: limited, plan: small}
      """
    let made = try apply(platform, set: "limits")
    XCTAssertEqual(made.code, 0, made.error)
    let two = ["p1", "p2"].map { head + "metadata: {tenant: limited, name: \($0)}\n" }.joined(separator: "---\n")
    let refused = try plumb("diff", "-f", "-", input: two)
    XCTAssertEqual(refused.code, 7, refused.error)
    XCTAssert(
      refused.error.contains("Plan Small") && refused.error.contains("Project") && refused.error.contains("1"), refused.error)
  }

  func testWhoMayDoWhat() throws {
    let key = "lsk_" + String(repeating: "a", count: 43)
    let people = """
      apiVersion: platform/v1
      kind: Role
      metadata: {name: reader}
      spec: {title: Reader, permissions: ["Project.read"]}
      ---
      apiVersion: platform/v1
      kind: User
      metadata: {name: reader@example.com}
      ---
      apiVersion: platform/v1
      kind: RoleBinding
      metadata: {name: reader}
      spec: {role: reader, user: reader@example.com}
      ---
      apiVersion: platform/v1
      kind: ApiKey
      metadata: {name: reader}
      spec: {label: Reader, user: reader@example.com, token: {env: READER_KEY}}
      """
    let made = try apply(people, set: "people", environment: ["READER_KEY": key])
    XCTAssertEqual(made.code, 0, made.error)
    XCTAssertFalse((made.out + made.error).contains(key))
    XCTAssertFalse(try plumb("get", "ApiKey/reader", "-o", "yaml").out.contains(key))
    let reader = ["PLUMB_TOKEN": key]
    let read = try plumb("get", "projects", environment: reader)
    XCTAssertEqual(read.code, 0, read.error)
    XCTAssertEqual(try plumb("get", "apps", environment: reader).code, 4)
    XCTAssertEqual(try apply(head + "metadata: {name: denied}\n", set: "x", environment: reader).code, 4)
    XCTAssertEqual(try plumb("get", "projects", environment: ["PLUMB_TOKEN": "lsk_wrong"]).code, 4)
    XCTAssertNotEqual(try plumb("get", "projects", "--tenant", "limited", environment: reader).code, 0)
  }
}
