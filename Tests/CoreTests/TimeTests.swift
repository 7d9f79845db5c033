// Timestamps and durations: text and back, order, what is no time.
import Core
import XCTest

final class TimeTests: XCTestCase {
  private static let seed = UInt64(ProcessInfo.processInfo.environment["PLUMB_SEED"] ?? "") ?? UInt64.random(in: 0..<1_000_000)

  func testTextAndBack() {
    var random = RandomGenerator(SeededRandom(seed: Self.seed))
    let first = Timestamp("0001-01-01T00:00:00Z")!.microseconds
    let last = Timestamp("9999-12-31T23:59:59.999999Z")!.microseconds
    var texts: [(String, Int)] = []
    for _ in 0..<3000 {
      var t = Timestamp(microseconds: Int.random(in: first...last, using: &random))
      if Bool.random(using: &random) { t.microseconds -= t.microseconds % 1_000_000 }
      XCTAssertEqual(Timestamp(t.description), t, "seed \(Self.seed): \(t.microseconds) \(t)")
      if t.microseconds % 1_000_000 == 0 { texts.append((t.description, t.microseconds)) }
    }
    XCTAssertEqual(texts.sorted { $0.0 < $1.0 }.map(\.1), texts.map(\.1).sorted(), "text sorts as time does; seed \(Self.seed)")
  }

  func testForms() {
    let noon = Timestamp("2024-02-29T12:00:00Z")!
    XCTAssertEqual(noon.microseconds, 1_709_208_000_000_000)
    for text in ["2024-02-29t12:00:00z", "2024-02-29 12:00:00.000Z", "2024-02-29T14:30:00+02:30", "2024-02-28T23:00:00-13:00"] {
      XCTAssertEqual(Timestamp(text), noon, text)
    }
    XCTAssertEqual(Timestamp("2024-02-29T12:00:00.1234567Z")?.description, "2024-02-29T12:00:00.123456Z")
    XCTAssertEqual(Timestamp("1969-12-31T23:59:59.5Z")?.microseconds, -500_000)
    XCTAssertEqual(Timestamp(microseconds: -500_000).description, "1969-12-31T23:59:59.5Z")
    let bad = [
      "", "2024", "2024-02-29", "2023-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2024-13-01T00:00:00Z", "2024-00-01T00:00:00Z",
      "2024-01-32T00:00:00Z",
      "2024-01-00T00:00:00Z", "2024-01-01T24:00:00Z", "2024-01-01T00:60:00Z", "2024-01-01T00:00:60Z", "2024-01-01T00:00:00",
      "2024-01-01T00:00:00.Z",
      "2024-01-01T00:00:00ZZ", "2024-01-01T00:00:00+0200", "2024-01-01T00:00:00+24:00", "2024-01-01T00:00:00+02:0",
      "2024-1-1T00:00:00Z",
      "x024-01-01T00:00:00Z", "2024-01-01X00:00:00Z", "2024-01-01T00:00:00é",
    ]
    for text in bad { XCTAssertNil(Timestamp(text), text) }
    XCTAssertEqual(Timestamp("2000-02-29T00:00:00Z")!.description, "2000-02-29T00:00:00Z")
  }

  func testArithmetic() {
    let t = Timestamp("2024-01-31T00:00:00Z")!
    XCTAssertEqual((t + Duration.seconds(86_400)).description, "2024-02-01T00:00:00Z")
    XCTAssertEqual((t + .seconds(1)) - t, .seconds(1))
    XCTAssertLessThan(t - .milliseconds(1), t)
  }

  func testDurations() {
    let table: [(String, Int)] = [
      ("90s", 90_000_000), ("5m", 300_000_000), ("2h", 7_200_000_000), ("30d", 2_592_000_000_000), ("150ms", 150_000),
      ("1h30m", 5_400_000_000),
      ("7us", 7), ("0s", 0), ("1.5s", 1_500_000), ("36500d", 3_153_600_000_000_000),
    ]
    for (text, microseconds) in table { XCTAssertEqual(Duration(text: text)?.microseconds, microseconds, text) }
    for text in ["", "5", "s", "5x", "-5s", "5 s", "1h-3m", "1e3s", "99999999d", "ms", "5sm", "٣s", "1..5s", ".s"] {
      XCTAssertNil(Duration(text: text), text)
    }
  }
}
