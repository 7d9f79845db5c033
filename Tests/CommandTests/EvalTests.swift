// plumb eval: results as JSON, and three ways to fail.
import XCTest

@testable import PlumbCommand

final class EvalTests: XCTestCase {
  func testResults() {
    XCTAssertEqual(Capture.run("eval", "1 + 2 * 3").out, "7\n")
    XCTAssertEqual(Capture.run("eval", "{'a': [1, 2.5, 'x', null, true]}").out, "{\"a\":[1,2.5,\"x\",null,true]}\n")
    XCTAssertEqual(Capture.run("eval", "duration('90s')").out, "\"90s\"\n")
  }

  func testAFailureIsOneAndAParseErrorThree() {
    let failure = Capture.run("eval", "1 / 0")
    XCTAssertEqual(failure.code, .failure)
    XCTAssertEqual(failure.error, "error: divide by zero\n")
    XCTAssertEqual(failure.out, "")
    let fault = Capture.run("eval", "1 +")
    XCTAssertEqual(fault.code, .invalid)
    XCTAssert(fault.error.hasPrefix("error: expression:1:4: "), fault.error)
    XCTAssertEqual(Capture.run("eval", "nobody").code, .failure)
  }

  func testInputAsYAMLAndJSON() throws {
    let folder = try TemporaryFolder()
    let yaml = try folder.write("a.yaml", "spec: {port: 8080, on: yes}\n")
    XCTAssertEqual(Capture.run("eval", "input.spec.port > 1024", "--input", yaml).out, "true\n")
    XCTAssertEqual(Capture.run("eval", "input", "--input", yaml).out, "{\"spec\":{\"port\":8080,\"on\":\"yes\"}}\n")
    let several = try folder.write("b.yaml", "a: 1\n---\na: 2\n")
    XCTAssertEqual(Capture.run("eval", "input.map(x, x.a)", "--input", several).out, "[1,2]\n")
    for (text, shown) in [("[]", "[]"), ("[1]", "[1]"), ("[{a: 1}]", "[{\"a\":1}]"), ("", "null")] {
      let list = try folder.write("l.yaml", text)
      XCTAssertEqual(Capture.run("eval", "input", "--input", list).out, shown + "\n", "a list is one document")
    }
    let json = try folder.write("c.json", "[1, {\"b\": 2}]")
    XCTAssertEqual(Capture.run("eval", "input[1].b", "--input", json).out, "2\n")
    XCTAssertEqual(Capture.run("eval", "spec.port - 80", "--input", yaml).out, "8000\n", "members are names too")
    for (text, shown) in [("[]", "[]"), ("[1]", "[1]"), ("\"x\"", "\"x\""), ("{\"a\":1,\"a\":2}", "{\"a\":2}"), (" 42 ", "42")] {
      XCTAssertEqual(Capture.run("eval", "input", "--input", try folder.write("e.json", text)).out, shown + "\n")
    }
  }

  func testBadDocuments() throws {
    let folder = try TemporaryFolder()
    for (name, text) in [("a.json", "{\"a\": 01}"), ("b.json", ""), ("c.json", "[1,]"), ("d.yaml", "a: [1\n"), ("e.json", " \n")]
    {
      let run = Capture.run("eval", "input", "--input", try folder.write(name, text))
      XCTAssertEqual(run.code, .invalid, name)
      XCTAssert(run.error.contains(name), run.error)
    }
  }
}
