// Named formats, decimals and patterns: good and bad values of each.
import Core
import Kinds
import XCTest

final class FieldFormatTests: XCTestCase {
  func testFormats() {
    let table: [(String, good: [String], bad: [String])] = [
      ("email", ["a@b", "ada.l+x@example.com"], ["", "a", "a@", "@b", "a@b@c", "a b@c", ".a@b", "a..b@c", "a@-b"]),
      (
        "url", ["http://a", "https://u@a.b:8/x?y#z", "https://[::1]:80/"],
        ["", "a.b", "ftp://a", "http://", "http:///x", "http://a b", "http://a:0", "http://a:99999", "http://[x]"]
      ),
      ("uri", ["mailto:a", "urn:x:y"], ["", "a", "1a:b", "a:"]),
      ("hostname", ["a", "web-1.example.com"], ["", "-a", "a-", "a..b", "a_b", String(repeating: "a", count: 64)]),
      ("domain", ["a.b", "*.a.b"], ["a", "*.a", ".a.b"]),
      ("uuid", ["01890a5d-ac96-774b-bcce-b302099a8057"], ["01890a5d"]),
      ("slug", ["a", "a-1"], ["", "A", "-a", "a-", "a--b", "a_b"]),
      ("ipv4", ["0.0.0.0", "255.255.255.255"], ["256.1.1.1", "1.1.1", "01.1.1.1", "1.1.1.1.1"]),
      (
        "ipv6", ["::", "::1", "1:2:3:4:5:6:7:8", "::ffff:1.2.3.4"],
        [":", "1:2:3", "1::2::3", "12345::", "1:2:3:4:5:6:7:8:9", "::g"]
      ),
      ("cidr", ["10.0.0.0/8", "2001:db8::/32"], ["10.0.0.0", "10.0.0.0/33", "::/129", "x/8"]),
      (
        "cron", ["* * * * *", "*/5 0-6 1,15 * 7", "@daily"], ["* * * *", "60 * * * *", "*/0 * * * *", "5-1 * * * *", "a * * * *"]
      ),
      ("color", ["#fff", "#1f6feb"], ["fff", "#ffff", "#ggg"]),
      ("phone", ["+4930123456", "(030) 12-34"], ["+", "1", "12a45"]),
      ("semver", ["1.2.3", "1.2.3-rc.1+b"], ["1.2", "01.2.3", "1.2.3-", "v1.2.3"]),
      ("duration", ["90s", "1h30m"], ["90", "s"]), ("date", ["2024-02-29"], ["2023-02-29", "2024-2-9"]),
      ("time", ["18:30", "18:30:59"], ["24:00", "18:3"]),
      ("timestamp", ["2025-01-31T12:00:00Z"], ["2025-01-31"]),
      ("timezone", ["UTC", "Europe/Berlin"], ["", "Berlin ", "Europe/"]),
      ("currency", ["EUR"], ["eur", "EURO"]), ("country", ["DE"], ["D", "DEU"]),
      ("language", ["de", "pt-BR"], ["", "d", "d-e"]),
      ("base64", ["", "aGVsbG8="], ["a", "aGVsbG8", "a===", "@@@@"]), ("cel", ["new.port > 1", "true"], ["new.port >", "("]),
      ("json", ["{}", "1"], ["{", "{a:1}"]),
      ("path", ["/", "/a/b"], ["a", "/a/../b"]),
      ("ip", ["1.2.3.4", "::1"], ["x"]), ("network", ["10.0.0.0/8", "192.0.2.1", "::1"], ["10.0.0.0/33", "x"]),
    ]
    XCTAssertEqual(Set(table.map(\.0)), Set(FieldFormat.names))
    for (format, good, bad) in table {
      for text in good { XCTAssertTrue(FieldFormat.fits(text, format), "\(format): \(text)") }
      for text in bad { XCTAssertFalse(FieldFormat.fits(text, format), "\(format): \(text)") }
    }
    XCTAssertFalse(FieldFormat.fits("x", "no such format"))
  }

  func testDecimals() {
    let table: [(Value, String?)] = [
      ("12.50", "12.5"), ("-0.0", "0"), ("007", "7"), ("0.10", "0.1"), (5, "5"), (0.1, "0.1"),
      ("99999999999999999999.01", "99999999999999999999.01"),
      ("-3", "-3"), ("", nil), ("1.", nil), (".5", nil), ("1e3", nil), ("+1", nil), ("1,5", nil), (.double(.infinity), nil),
      (true, nil),
      (.string(String(repeating: "9", count: 61)), nil),
    ]
    for (value, expected) in table { XCTAssertEqual(DecimalText.canonical(value), expected, "\(value)") }
  }

  func testPatternsMatchTheWholeText() {
    XCTAssertTrue(TextPattern.matches("abc", "[a-c]+"))
    XCTAssertFalse(TextPattern.matches("abcd", "[a-c]+"))
    XCTAssertFalse(TextPattern.matches("ab", "a|abc"))
    XCTAssertTrue(TextPattern.matches("a\"'\\", "a\"'\\\\"))
    XCTAssertNotNil(TextPattern.fault("(a"))
    XCTAssertNil(TextPattern.fault("^a*$"))
    XCTAssertTrue(TextPattern.matches(String(repeating: "a", count: 100_000), "(a*)*b?"))
  }

  func testPointersAreEscaped() {
    XCTAssertEqual(FieldCheck.escape("a/b~c"), "a~1b~0c")
  }

  func testPartialAndOtherModes() {
    let title = FieldSpec(name: "title", type: .string)
    title.required = true
    let nonce = FieldSpec(name: "nonce", type: .string)
    nonce.writer = .api
    let phase = FieldSpec(name: "phase", type: .string)
    phase.writer = .controller
    let fields = [title, nonce, phase]
    XCTAssertEqual(FieldCheck.check([:], against: fields, mode: .api).map(\.code), ["required"])
    XCTAssertEqual(FieldCheck.check([:], against: fields, mode: .api, partial: true).count, 0)
    XCTAssertEqual(FieldCheck.check(["title": .null], against: fields, mode: .api, partial: true).map(\.code), ["required"])
    XCTAssertEqual(FieldCheck.check(["title": "x", "nonce": "y"], against: fields, mode: .api).count, 0)
    XCTAssertEqual(FieldCheck.check(["title": "x", "phase": "y"], against: fields, mode: .api).map(\.pointer), ["/spec/phase"])
    XCTAssertEqual(FieldCheck.check(["title": "x", "phase": "y"], against: fields, mode: .controller, pointer: "").count, 0)
  }
}
