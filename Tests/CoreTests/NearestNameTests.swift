// "Did you mean": near names are found, far ones are not offered.
import Core
import XCTest

final class NearestNameTests: XCTestCase {
  func testNearAndFar() {
    let names = ["region", "replicas", "required", "name", "id", "costCents"]
    XCTAssertEqual(nearestName(to: "regoin", among: names), "region")
    XCTAssertEqual(nearestName(to: "Replica", among: names), "replicas")
    XCTAssertEqual(nearestName(to: "costcents", among: names), "costCents")
    XCTAssertEqual(nearestName(to: "nam", among: names), "name")
    XCTAssertEqual(nearestName(to: "i", among: names), "id")
    XCTAssertNil(nearestName(to: "zone", among: ["region"]))
    XCTAssertNil(nearestName(to: "xyz", among: names))
    XCTAssertNil(nearestName(to: "", among: []))
  }
}
