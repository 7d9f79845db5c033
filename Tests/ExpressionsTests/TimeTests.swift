// Timestamps and durations.
import Expressions
import XCTest

final class TimeTests: XCTestCase {
  func testTexts() {
    expect([
      ("string(timestamp('2009-02-13T23:31:30.000000001Z'))", "'2009-02-13T23:31:30.000000001Z'"),
      ("string(timestamp('2009-02-13T23:31:30+02:00'))", "'2009-02-13T21:31:30Z'"),
      ("timestamp(1000000000)", "timestamp('2001-09-09T01:46:40Z')"),
      ("int(timestamp('1969-12-31T23:59:59.5Z'))", "-1"), ("string(timestamp('0001-01-01T00:00:00Z'))", "'0001-01-01T00:00:00Z'"),
      ("string(duration('-1.5s'))", "'-1.5s'"), ("duration('1h2m3.004s')", "duration('3723004ms')"),
      ("duration('1us')", "duration('1000ns')"),
      ("duration('0')", "duration('0s')"), ("string(duration('1.000000001s'))", "'1.000000001s'"),
    ])
    expectFailure([
      ("timestamp('10000-01-01T00:00:00Z')", "range"), ("timestamp('0000-01-01T00:00:00Z')", "range"),
      ("timestamp(253402300800)", "range"),
      ("timestamp('2009-02-30T00:00:00Z')", "no timestamp"), ("timestamp('2009-02-13')", "no timestamp"),
      ("duration('1')", "no duration"),
      ("duration('1d')", "no duration"), ("duration('320000000000s')", "range"), ("duration('')", "no duration"),
      ("timestamp(9223372036854775807)", "range"),
    ])
  }

  func testArithmetic() {
    expect([
      ("timestamp(100) + duration('1.5s')", "timestamp('1970-01-01T00:01:41.5Z')"),
      ("duration('1s') + timestamp(1)", "timestamp(2)"),
      ("timestamp(10) - timestamp(4)", "duration('6s')"),
      ("timestamp(0) - duration('1ns')", "timestamp('1969-12-31T23:59:59.999999999Z')"),
      ("duration('1s') - duration('1500ms')", "duration('-500ms')"), ("duration('1.5s') + duration('0.5s')", "duration('2s')"),
      ("timestamp(1) < timestamp(2)", "true"), ("duration('1m') >= duration('60s')", "true"),
      ("timestamp(1) == timestamp('1970-01-01T00:00:01Z')", "true"),
    ])
    expectFailure([
      ("timestamp('9999-12-31T23:59:59.999999999Z') + duration('1ns')", "range"),
      ("timestamp('0001-01-01T00:00:00Z') - duration('1ns')", "range"),
      ("duration('200000000000s') + duration('200000000000s')", "range"),
      ("timestamp('9999-12-31T23:59:59Z') - timestamp('0001-01-01T00:00:00Z')", "range"),
    ])
  }

  func testParts() {
    let scope = CELRecord(["t": .timestamp(seconds: 1_234_567_890, nanos: 123_456_789)])
    expect(
      [
        ("t.getFullYear()", "2009"), ("t.getMonth()", "1"), ("t.getDate()", "13"), ("t.getDayOfMonth()", "12"),
        ("t.getDayOfWeek()", "5"),
        ("t.getDayOfYear()", "43"), ("t.getHours()", "23"), ("t.getMinutes()", "31"), ("t.getSeconds()", "30"),
        ("t.getMilliseconds()", "123"),
        ("t.getDate('Australia/Sydney')", "14"), ("t.getHours('02:00')", "1"), ("t.getHours('-09:30')", "14"),
        ("t.getMinutes('Asia/Kathmandu')", "16"),
        ("duration('3730s').getMinutes()", "62"), ("duration('123.321s').getMilliseconds()", "321"),
        ("timestamp(-1).getDayOfWeek()", "3"),
      ], scope)
    expectFailure(
      [("t.getHours('Moon/Base')", "unknown time zone"), ("duration('1s').getFullYear()", "no such overload")], scope)
  }
}
