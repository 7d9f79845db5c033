// Small parts of the native API: selectors, kind names, cursors, waiting for a ring.
import Core
import KindLoading
import Kinds
import Ports
import XCTest

@testable import NativeView

final class NativeViewTests: XCTestCase {
  private func catalog() throws -> KindCatalog {
    let family = "family: test\ndoc: Kinds for tests.\n"
    let kinds = ["Policy": "Policy", "App": "App", "AlertRule": "AlertRule"].map { name, _ in
      ("test/\(name)/kind.yaml", "kind: \(name)\ndoc: For tests.\nfields: {name: {type: string, doc: Name.}}\nunique: [[name]]\n")
    }
    return try KindLoader.load(files: ([("test/family.yaml", family)] + kinds).map { ($0.0, Array($0.1.utf8)) })
  }

  func testKindsInEverySpelling() throws {
    let catalog = try catalog()
    for (word, name) in [
      ("App", "App"), ("apps", "App"), ("APP", "App"), ("policies", "Policy"), ("test/App", "App"), ("alertrules", "AlertRule"),
    ] {
      XCTAssertEqual(try KindNames.find(word, in: catalog).name, name)
    }
    XCTAssertThrowsError(try KindNames.find("Ap", in: catalog)) { XCTAssertEqual(($0 as? Problem)?.fix, "Did you mean App?") }
    XCTAssertThrowsError(try KindNames.find("", in: catalog))
  }

  func testSelectors() throws {
    let a = FieldPath.label("a")
    let expected: [(String, Ports.Predicate)] = [
      ("a=b", .compare(a, .equal, "b")), ("a == b", .compare(a, .equal, "b")),
      ("a!=b", .any([.isNull(a), .compare(a, .notEqual, "b")])),
      ("a in (b, c)", .among(a, ["b", "c"])), ("a notin (b)", .any([.isNull(a), .not(.among(a, ["b"]))])),
      ("a", .not(.isNull(a))),
      ("!a", .isNull(a)),
    ]
    for (text, predicate) in expected { XCTAssertEqual(try LabelSelector.predicate(text), .all([predicate]), text) }
    XCTAssertEqual(try LabelSelector.predicate("a=b, a in (c,d)"), .all([.compare(a, .equal, "b"), .among(a, ["c", "d"])]))
    for text in ["", "=b", "a in b", "a within (b)", "a in ()", "a b", String(repeating: "a,", count: 30)] {
      XCTAssertThrowsError(try LabelSelector.predicate(text), text)
    }
  }

  func testCursors() throws {
    let cursor = PageCursor(name: "web.a", uid: .rootTenant)
    XCTAssertEqual(try PageCursor(cursor.text), cursor)
    for text in ["", "x", "\(UID.rootTenant)", "\(UID.rootTenant)x"] { XCTAssertThrowsError(try PageCursor(text), text) }
  }

  func testABellIsHeard() async {
    let bell = ChangeBell()
    let ear = bell.listen(.rootTenant)
    defer { ear.stop() }
    let start = ContinuousClock.now
    bell.ring([.rootTenant])
    await ear.wait(.seconds(30), clock: SystemClock())
    async let waiting: Void = ear.wait(.seconds(30), clock: SystemClock())
    Task {
      try? await Task.sleep(for: .milliseconds(20))
      bell.ring([.rootTenant])
    }
    await waiting
    XCTAssertLessThan(ContinuousClock.now - start, .seconds(20))
    let quiet = ContinuousClock.now
    bell.ring([UID(high: 1, low: 1)])
    await ear.wait(.milliseconds(30), clock: SystemClock())
    XCTAssertGreaterThanOrEqual(ContinuousClock.now - quiet, .milliseconds(29))
  }
}
