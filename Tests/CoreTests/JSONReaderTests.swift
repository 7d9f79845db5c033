// Strict JSON: a table of what must be accepted and refused, round trips, and random bytes.
import Core
import XCTest

final class JSONReaderTests: XCTestCase {
  private static let seed = UInt64(ProcessInfo.processInfo.environment["PLUMB_SEED"] ?? "") ?? UInt64.random(in: 0..<1_000_000)

  func testAccepted() throws {
    let table: [(String, Value)] = [
      ("null", .null), (" true ", true), ("\t\r\n1\n", 1), ("-0", 0), ("-0.0", .double(-0.0)), ("0", 0), ("1E5", 100000.0),
      ("1e-2", 0.01),
      ("1.5e+3", 1500.0), ("9223372036854775807", .int(.max)), ("-9223372036854775808", .int(.min)),
      ("9223372036854775808", 9223372036854775808.0), ("-9223372036854775809", -9223372036854775809.0),
      ("1e-400", .double(0)),
      ("\"\"", ""),
      ("\"\\u0041\\n\\/\\\"\\\\\\b\\f\\r\\t\"", "A\n/\"\\\u{8}\u{c}\r\t"), ("\"\\ud83d\\ude00\"", "😀"), ("\"\u{7f}\"", "\u{7f}"),
      ("\"\\u0000\"", "\0"),
      ("\"é😀\"", "é😀"), ("[]", .list([])), ("[ ]", .list([])), ("{}", .emptyObject),
      ("[1,[2,{\"a\":[]}]]", [1, [2, ["a": .list([])]]]),
      ("{\"\":0}", ["": 0]), ("{\"a\":1,\"A\":2}", ["a": 1, "A": 2]),
    ]
    for (text, value) in table { XCTAssertEqual(try JSON.parse(text), value, text) }
  }

  func testRefused() {
    let table = [
      "", " ", "01", "-01", "00", "+1", ".5", "1.", "1.e3", "1e", "1e+", "-", "--1", "0x1", "1_0", "NaN", "Infinity", "-Infinity",
      "1e400", "-1e400",
      "nul", "nulll", "True", "tru", "'a'", "\"", "\"a", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", "\"\\ud800\"", "\"\\ud800x\"",
      "\"\\udc00\"",
      "\"\\ud800\\ud800\"", "\"\\ud800\\n\"", "\"a\nb\"", "\"a\tb\"", "\"a\u{0}b\"", "\"\u{1f}\"", "[", "]", "[1", "[1,", "[1,]",
      "[,1]", "[1 2]", "[1,,2]",
      "{", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,}", "{,}", "{a:1}", "{\"a\" 1}", "{\"a\":1 \"b\":2}", "{1:1}",
      "{\"a\":1,\"a\":2}",
      "{\"a\":1,\"\\u0061\":2}", "1 2", "{} x", "[] ]", "//c\n1", "/*c*/1", "\u{FEFF}1", "\u{a0}1", "\u{0c}1", "#1", "a",
    ]
    for text in table { XCTAssertThrowsError(try JSON.parse(text), text) }
  }

  func testInvalidUTF8IsRefused() {
    let bad: [[UInt8]] = [
      [0xFF], [0xC0, 0xAF], [0xE0, 0x80, 0xAF], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xC3], [0x80],
      [0xF8, 0x88, 0x80, 0x80, 0x80],
    ]
    for bytes in bad {
      XCTAssertThrowsError(try JSON.parse([34] + bytes + [34]), "\(bytes)")
      XCTAssertThrowsError(try JSON.parse([34, 92, 110] + bytes + [34]), "after an escape: \(bytes)")
      XCTAssertThrowsError(try JSON.parse(bytes), "\(bytes)")
    }
    XCTAssertThrowsError(try JSON.parse([0xEF, 0xBB, 0xBF, 0x31]))
    XCTAssertThrowsError(try JSON.parse([0xFF, 0xFE, 0x31, 0]))
  }

  func testDepth() throws {
    let most = JSON.maxDepth
    XCTAssertNoThrow(try JSON.parse(String(repeating: "[", count: most) + String(repeating: "]", count: most)))
    XCTAssertThrowsError(try JSON.parse(String(repeating: "[", count: most + 1) + String(repeating: "]", count: most + 1)))
    XCTAssertThrowsError(try JSON.parse(String(repeating: "[{\"a\":", count: 50_000)))
    // Siblings do not add up.
    XCTAssertNoThrow(try JSON.parse("[" + Array(repeating: "[[]]", count: 1000).joined(separator: ",") + "]"))
  }

  func testDuplicatesAreAnOption() throws {
    let twice = "{\"a\":1,\"b\":2,\"a\":3}"
    XCTAssertThrowsError(try JSON.parse(twice)) { XCTAssertEqual(($0 as? JSONError)?.offset, 13) }
    XCTAssertEqual(try JSON.parse(twice, duplicates: .lastWins), ["a": 3, "b": 2])
  }

  func testErrorsHavePlaces() {
    XCTAssertThrowsError(try JSON.parse("{\n  \"a\": 1,\n  \"b\": x\n}")) { error in
      XCTAssertEqual("\(error)", "3:8: a value is expected here")
    }
  }

  func testRoundTrips() throws {
    var random = RandomGenerator(SeededRandom(seed: Self.seed))
    for round in 0..<2000 {
      let value = RandomValues.value(&random)
      for text in [JSON.text(value), JSON.pretty(value)] {
        XCTAssertEqual(try JSON.parse(text), value, "seed \(Self.seed) round \(round): \(text)")
      }
      XCTAssertEqual(
        JSON.canonical(value), JSON.canonical(try JSON.parse(JSON.canonical(value))), "seed \(Self.seed) round \(round)")
      XCTAssertEqual(
        JSON.canonical(RandomValues.shuffled(value, &random)), JSON.canonical(value), "seed \(Self.seed) round \(round)")
    }
  }

  func testRandomBytesNeverCrash() {
    var random = RandomGenerator(SeededRandom(seed: Self.seed))
    let letters = Array("{}[]\":,\\u0019eE+-.tfn aé".utf8) + [0, 0xFF]
    for _ in 0..<5000 {
      let bytes = (0..<Int.random(in: 0..<40, using: &random)).map { _ in letters.randomElement(using: &random)! }
      guard let value = try? JSON.parse(bytes) else { continue }
      XCTAssertEqual(try JSON.parse(JSON.write(value)), value, "seed \(Self.seed): \(String(decoding: bytes, as: UTF8.self))")
    }
  }
}
