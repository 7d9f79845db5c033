// Problems: their text, their JSON and back, which of many decides the answer.
import Core
import XCTest

final class ProblemTests: XCTestCase {
  func testTextAndValue() throws {
    let problem = Problem(
      .invalid, code: "unknown_field", "there is no field \"x\"", place: Place(file: "a.yaml", line: 3, column: 5),
      pointer: "/spec/x",
      object: "App/web", fix: "Did you mean \"y\"?", details: ["near": "y"])
    XCTAssertEqual(problem.description, "a.yaml:3:5: App/web /spec/x: there is no field \"x\". Did you mean \"y\"?")
    let back = try XCTUnwrap(Problem(try JSON.parse(JSON.write(problem.value))))
    XCTAssertEqual(back.value, problem.value)
    XCTAssertNil(Problem(["message": "no code"]))
  }

  func testCategoryOfMany() {
    let many = Problems([Problem(.conflict, code: "c", "c"), Problem(.denied, code: "d", "d"), Problem(.invalid, code: "i", "i")])
    XCTAssertEqual(many.category, .denied)
    XCTAssertEqual(many.description, "c\nd\ni")
  }
}
