// The router: literals win, methods, escapes, and agreement with a plain search over many random tables.
import Core
import Kinds
import XCTest

@testable import RestView

final class RouterTests: XCTestCase {
  private func path(_ text: String) -> [RouteSpec.Segment] {
    text.split(separator: "/").map { $0.hasPrefix("{") ? .parameter(String($0.dropFirst().dropLast())) : .literal(String($0)) }
  }

  private func router(_ routes: [String]) -> Router {
    var router = Router()
    for (at, route) in routes.enumerated() {
      let parts = route.split(separator: " ")
      XCTAssertTrue(router.add(method: String(parts[0]), path: path(String(parts[1])), route: at))
    }
    return router
  }

  func testLiteralWins() {
    let router = router(["GET /users/{id}", "GET /users/me", "GET /users/{id}/keys", "GET /users/me/photo"])
    XCTAssertEqual(router.match(method: "GET", path: "/users/me", from: 0), .found(1, []))
    XCTAssertEqual(router.match(method: "GET", path: "/users/7", from: 0), .found(0, ["7"]))
    XCTAssertEqual(router.match(method: "GET", path: "/users/me/keys", from: 0), .found(2, ["me"]))
  }

  func testMethods() {
    let router = router(["GET /a", "POST /a", "DELETE /a/{id}"])
    XCTAssertEqual(router.match(method: "HEAD", path: "/a", from: 0), .found(0, []))
    XCTAssertEqual(router.match(method: "PUT", path: "/a", from: 0), .notAllowed(["GET", "HEAD", "OPTIONS", "POST"]))
    XCTAssertEqual(router.match(method: "GET", path: "/a/1", from: 0), .notAllowed(["DELETE", "OPTIONS"]))
    XCTAssertEqual(router.match(method: "GET", path: "/b", from: 0), .missing)
    let both = self.router(["GET /a/types", "DELETE /a/{id}"])
    XCTAssertEqual(both.match(method: "DELETE", path: "/a/types", from: 0), .notAllowed(["GET", "HEAD", "OPTIONS"]))
    XCTAssertEqual(both.match(method: "DELETE", path: "/a/other", from: 0), .found(1, ["other"]))
    var again = router
    XCTAssertFalse(again.add(method: "DELETE", path: path("/a/{other}"), route: 9))
  }

  func testEscapesStayInTheirSegment() {
    let router = router(["GET /files/{name}", "GET /files/{name}/text", "GET /sp ace"])
    XCTAssertEqual(router.match(method: "GET", path: "/files/a%2Fb", from: 0), .found(0, ["a/b"]))
    XCTAssertEqual(router.match(method: "GET", path: "/f%69les/x", from: 0), .found(0, ["x"]))
    XCTAssertEqual(router.match(method: "GET", path: "/files/%zz", from: 0), .malformed)
    XCTAssertEqual(router.match(method: "GET", path: "/files/%00", from: 0), .malformed)
    XCTAssertEqual(router.match(method: "GET", path: "/files/", from: 0), .missing)
    XCTAssertEqual(router.match(method: "GET", path: "/files//text", from: 0), .missing)
  }

  func testBaseIsPassedOver() {
    let router = router(["GET /", "GET /apps"])
    XCTAssertEqual(router.match(method: "GET", path: "/backend", from: 8), .found(0, []))
    XCTAssertEqual(router.match(method: "GET", path: "/backend/", from: 8), .found(0, []))
    XCTAssertEqual(router.match(method: "GET", path: "/backend/apps", from: 8), .found(1, []))
    XCTAssertEqual(router.match(method: "GET", path: "/backend" + String(repeating: "/x", count: 40), from: 8), .missing)
  }

  func testAgreesWithPlainSearch() {
    let seed = UInt64.random(in: 0...UInt64.max)
    let random = SeededRandom(seed: seed)
    func pick(_ count: Int) -> Int { Int(random.next() % UInt64(count)) }
    let words = ["a", "b", "cc", "a%20", "{x}", "{y}"]
    var routes: [[RouteSpec.Segment]] = []
    var router = Router()
    for _ in 0..<200 {
      let candidate = (0...pick(4)).map { _ in words[pick(words.count)] }.joined(separator: "/")
      let path = path("/" + candidate)
      if router.add(method: "GET", path: path, route: routes.count) { routes.append(path) }
    }
    for _ in 0..<2000 {
      let segments = (0...pick(4)).map { _ in ["a", "b", "cc", "d"][pick(4)] }
      let expected = routes.indices.filter { Self.matches(routes[$0], segments) }.min { Self.isBefore(routes[$0], routes[$1]) }
      switch router.match(method: "GET", path: "/" + segments.joined(separator: "/"), from: 0) {
      case .found(let route, _): XCTAssertEqual(route, expected, "seed \(seed), \(segments)")
      default: XCTAssertNil(expected, "seed \(seed), \(segments)")
      }
    }
  }

  private static func matches(_ route: [RouteSpec.Segment], _ segments: [String]) -> Bool {
    route.count == segments.count
      && zip(route, segments).allSatisfy { segment, text in
        if case .literal(let literal) = segment { literal == text } else { true }
      }
  }

  /// Literals before parameters, from the left.
  private static func isBefore(_ a: [RouteSpec.Segment], _ b: [RouteSpec.Segment]) -> Bool {
    for (left, right) in zip(a, b) {
      switch (left, right) {
      case (.literal, .parameter): return true
      case (.parameter, .literal): return false
      default: continue
      }
    }
    return false
  }
}
