// Arithmetic, comparison, logic and conversions.
import Expressions
import XCTest

final class OperatorTests: XCTestCase {
  func testArithmetic() {
    expect([
      ("1 + 2 * 3 - 4 / 2", "5"), ("7 % 3", "1"), ("-7 % 3", "-1"), ("-7 / 2", "-3"), ("7u / 2u", "3u"), ("1.5 * 2.0", "3.0"),
      ("'a' + 'b'", "'ab'"), ("b'a' + b'b'", "b'ab'"), ("[1] + ['a']", "[1, 'a']"), ("1.0 / 0.0 > 1e308", "true"),
      ("-(1.5)", "-1.5"),
    ])
    expectFailure([
      ("9223372036854775807 + 1", "overflow"), ("-9223372036854775808 - 1", "overflow"), ("0u - 1u", "overflow"),
      ("5000000000 * 5000000000", "overflow"), ("-9223372036854775808 / -1", "overflow"), ("-(-9223372036854775808)", "overflow"),
      ("1 / 0", "divide by zero"), ("1u % 0u", "modulus by zero"), ("1 + 1u", "no such overload: _+_(int, uint)"),
      ("1.0 % 1.0", "no such overload"), ("-true", "no such overload"), ("-(1u)", "no such overload"),
    ])
  }

  func testEqualityAcrossTypes() {
    expect([
      ("1 == 1.0 && 1u == 1 && 1.0 == 1u", "true"), ("1 == '1'", "false"), ("null == 0", "false"),
      ("0.0/0.0 == 0.0/0.0", "false"),
      ("0.0/0.0 != 0.0/0.0", "true"), ("[1, 2u] == [1.0, 2]", "true"), ("{'a': 1, 'b': 2} == {'b': 2.0, 'a': 1u}", "true"),
      ("{1: 'a'} == {1u: 'a'}", "true"), ("[1] == [1, 1]", "false"), ("type(1) == int && type(int) == type", "true"),
      ("0.0 == -0.0", "true"),
    ])
  }

  func testOrder() {
    expect([
      ("-1 < 1u", "true"), ("1u < 1.5", "true"), ("2 > 1.5", "true"), ("1 < 0.0/0.0", "false"),
      ("'a' < 'b' && 'B' < 'a'", "true"),
      ("b'a' < b'ab'", "true"), ("false < true", "true"), ("18446744073709551615u > -1", "true"), ("'é' > 'z'", "true"),
    ])
    expectFailure([("1 < 'a'", "no such overload"), ("[1] < [2]", "no such overload"), ("null < 1", "no such overload")])
  }

  func testLogicTakesFailuresFromEitherSide() {
    expect([
      ("false && 1/0 > 0", "false"), ("1/0 > 0 && false", "false"), ("true || nowhere", "true"), ("nowhere || true", "true"),
      ("'x' && false", "false"), ("true ? 1 : 1/0", "1"), ("!false", "true"), ("[0, 1].exists(x, 1/x == 1)", "true"),
      ("[0, 1].all(x, 1/x == 2)", "false"), ("1 in [1/1, 2]", "true"), ("'a' in {'a': 1}", "true"), ("2.0 in {2: 1}", "true"),
    ])
    expectFailure([
      ("true && nowhere", "no such attribute(s): nowhere"), ("false || 1/0 > 0", "divide by zero"),
      ("true && 'x'", "no such overload"),
      ("1 ? 2 : 3", "no such overload"), ("!1", "no such overload"), ("1 in 2", "no such overload"),
    ])
  }

  func testConversions() {
    expect([
      ("int('-7')", "-7"), ("int(3.99)", "3"), ("int(7u)", "7"), ("uint(7.9)", "7u"), ("double('1.5e3')", "1500.0"),
      ("string(1.0)", "'1'"),
      ("string(-4.5e-3)", "'-0.0045'"), ("string(b'\\303\\277')", "'ÿ'"), ("bytes('ÿ')", "b'\\xc3\\xbf'"),
      ("bool('TRUE')", "true"),
      ("string(true)", "'true'"), ("type(dyn([1]))", "list"), ("type(null)", "null_type"),
      ("string(duration('1h30m'))", "'5400s'"),
      ("google.protobuf.Int64Value{value: 3}", "3"), ("google.protobuf.Struct{fields: {'a': 1}}.a", "1.0"),
      ("google.protobuf.Value{null_value: google.protobuf.NullValue.NULL_VALUE}", "null"),
      ("google.protobuf.StringValue{}", "''"),
      ("google.protobuf.Duration{seconds: 90}", "duration('90s')"), ("google.protobuf.Timestamp{seconds: 5}", "timestamp(5)"),
    ])
    expectFailure([
      ("int(1e99)", "range"), ("int(0.0/0.0)", "range"), ("int(-9223372036854775808.0)", "range"), ("uint(-1)", "range"),
      ("int('1x')", "'1x' is no int"),
      ("bool('TrUe')", "Type conversion error"), ("string(b'\\xff')", "invalid UTF-8"), ("int([1])", "no such overload"),
      ("google.protobuf.Int32Value{value: 4294967296}", "range"),
    ])
  }
}
