// Free variables, lenient programs, lazy objects, values of documents, and trees.
import Core
import Expressions
import XCTest

final class ScopeTests: XCTestCase {
  /// Counts what is asked of it; its member `next` is another of its kind.
  private final class Chain: CELObject, @unchecked Sendable {
    private(set) var asked = 0
    let keys = ["name", "next", "none"]
    func member(_ name: String) -> CELValue? {
      asked += 1
      switch name {
      case "name": return "link"
      case "next": return .object(Chain())
      case "none": return .null
      default: return nil
      }
    }
  }

  func testPaths() throws {
    let cases: [(String, [[String]])] = [
      ("self.port > 0 && self.name != ''", [["self", "port"], ["self", "name"]]),
      ("has(a.b.c) || a.b.c == 1", [["a", "b", "c"]]),
      ("items.exists(i, i.x == limit)", [["items"], ["limit"]]), ("[1].map(x, .x + x)", [["x"]]),
      ("a['b'].c[d.e]", [["a", "b", "c"], ["d", "e"]]),
      ("size(self.tags) + f.g.size()", [["self", "tags"], ["f", "g"]]), ("cel.bind(a, b.c, a.d)", [["b", "c"]]),
      ("a.?b.c", [["a", "b", "c"]]), ("1", []),
    ]
    for (source, paths) in cases { XCTAssertEqual(try CELProgram(source, functions: .platform).paths, paths, source) }
  }

  func testLenient() {
    let scope = CELRecord(["self": ["a": ["b": 1], "n": .null]])
    let lenient = [
      ("self.x", "null"), ("self.x.y.z", "null"), ("self.n.y", "null"), ("self['x']", "null"), ("self.a.b", "1"),
      ("has(self.x)", "false"),
      ("has(self.n)", "false"), ("has(self.x.y)", "false"), ("has(self.a.b)", "true"), ("self.x == null", "true"),
    ]
    expect(lenient, scope, lenient: true)
    expect([("has(self.n)", "true"), ("has(self.x)", "false")], scope)
    expectFailure(
      [("self.x", "no such key: 'x'"), ("self.n.y", "no such field"), ("other", "no such attribute(s): other")], scope)
  }

  func testObjectsAreReadLazily() {
    let chain = Chain()
    let scope = CELRecord(["o": .object(chain)])
    expect(
      [
        ("o.next.next.name", "'link'"), ("o['name']", "'link'"), ("has(o.name)", "true"), ("has(o.nope)", "false"),
        ("'name' in o", "true"),
        ("size(o)", "3"), ("o.map(k, k)", "['name', 'next', 'none']"), ("o == {'name': 'link'}", "false"), ("type(o)", "map"),
      ], scope)
    XCTAssertLessThan(chain.asked, 10)
    XCTAssertEqual(evaluated("o.next.name", scope), .success("link"))
    let value = CELValue.object(chain).value
    XCTAssertEqual(value["next"]["next"]["next"]["name"], "link")
    XCTAssertEqual(value["next"]["next"]["next"]["next"], .null, "references in circles end")
  }

  /// An object with an identity, that refers to another which refers back.
  private struct Peer: CELObject {
    let uid: String
    let note: String
    let keys = ["uid", "note", "peer"]
    func member(_ name: String) -> CELValue? {
      switch name {
      case "uid": .string(uid)
      case "note": .string(note)
      case "peer": .object(Peer(uid: uid == "1" ? "2" : "1", note: "any"))
      default: nil
      }
    }
  }

  func testReferencesInCirclesEnd() {
    let scope = CELRecord([
      "self": .object(Peer(uid: "1", note: "new")), "old": .object(Peer(uid: "1", note: "old")),
      "same": .object(Peer(uid: "1", note: "new")),
      "chain": .object(Chain()), "other": .object(Chain()),
    ])
    expect(
      [("self == old", "false"), ("self == same", "true"), ("self.peer == old.peer", "true"), ("self.peer == '2'", "true")], scope
    )
    XCTAssertEqual(try evaluated("self", scope).get().value, ["uid": "1", "note": "new", "peer": "2"])
    XCTAssertEqual(evaluated("chain == other", scope), .failure(CELFailure("the cost limit was reached", kind: .limit)))
  }

  func testDocuments() {
    let document: Value = ["name": "web", "port": 80, "ratio": 0.5, "tags": ["a", ["k": .null]], "on": true]
    let scope = CELRecord(document)
    expect(
      [("name + string(port)", "'web80'"), ("tags[1].k", "null"), ("ratio * 2.0", "1.0"), ("on ? size(tags) : 0", "2")], scope)
    for key in ["name", "port", "ratio", "tags", "on"] { XCTAssertEqual(try evaluated(key, scope).get().value, document[key]) }
    let shown: [(String, Value)] = [
      ("18446744073709551615u", "18446744073709551615"), ("7u", 7), ("b'hello'", "aGVsbG8="),
      ("timestamp(0)", "1970-01-01T00:00:00Z"),
      ("duration('3.5s')", "3.5s"), ("{1: 'a', true: 'b'}", ["1": "a", "true": "b"]), ("int", "int"), ("0.0/0.0", "NaN"),
      ("[null]", [.null]),
    ]
    for (source, value) in shown { XCTAssertEqual(try evaluated(source).get().value, value, source) }
  }

  func testTreesAreForTranslators() throws {
    guard case .call(CELOperator.and, nil, let sides) = try CELProgram("a.b == 1 && has(c.d)").tree, sides.count == 2,
      case .call(CELOperator.equals, nil, let equal) = sides[0], case .select(.identifier("a", false), "b", false) = equal[0],
      case .literal(.int(1)) = equal[1], case .has(.identifier("c", false), "d") = sides[1]
    else { return XCTFail("another tree") }
  }

  func testOwnFunctions() throws {
    let functions = CELFunctions.standard.adding("twice", arity: 1) { arguments in
      if case .int(let i) = arguments[0] { .int(2 * i) } else { .error(CELFailure("twice takes an int")) }
    }
    for source in ["twice(4)", "(4).twice()"] {
      XCTAssertEqual(try CELProgram(source, functions: functions).evaluate(CELRecord()).get(), 8, source)
    }
    XCTAssertThrowsError(try CELProgram("sum([1])", functions: functions))
    let unchecked = try CELProgram("f_unknown(1) || true", checksCalls: false)
    XCTAssertEqual(try unchecked.evaluate(CELRecord()).get(), true)
  }
}
