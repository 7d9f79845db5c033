// Body templates: holes, spreads, constants.
import Core
import XCTest

@testable import RestView

final class TemplateTests: XCTestCase {
  private func text(_ value: Value, members: ObjectMap = [:]) -> String {
    var out: [UInt8] = []
    Template(value).write(to: &out, members: members) { hole, out in JSON.write(hole.rawValue, to: &out) }
    return String(decoding: out, as: UTF8.self)
  }

  func testHolesAndSpreads() {
    XCTAssertEqual(text("$data"), "\"data\"")
    XCTAssertEqual(text(["a": 1, "b": ["$items", true]]), "{\"a\":1,\"b\":[\"items\",true]}")
    XCTAssertEqual(text(["e": ["...": "$details", "code": "$code"]], members: ["x": 1]), "{\"e\":{\"code\":\"code\",\"x\":1}}")
    XCTAssertEqual(text(["e": ["...": "$details"]], members: ["x": 1, "y": 2]), "{\"e\":{\"x\":1,\"y\":2}}")
    XCTAssertEqual(text(["e": ["...": "$details", "code": "$code"]]), "{\"e\":{\"code\":\"code\"}}")
    XCTAssertEqual(Template(["a": "$nonsense"]).unknown, ["$nonsense"])
  }

  func testHeaderTemplates() {
    let template = TextTemplate("v$version; id=$requestId")
    XCTAssertEqual(template.text { $0 == .version ? "2" : "r" }, "v2; id=r")
    XCTAssertNil(template.text { $0 == .version ? "2" : nil })
    XCTAssertEqual(TextTemplate("$what").unknown, ["$what"])
  }
}
