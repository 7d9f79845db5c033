// The platform's own functions, and exact decimals.
import Expressions
import XCTest

final class PlatformFunctionTests: XCTestCase {
  func testLists() {
    expect([
      ("sum([1, 2, 3])", "6"), ("sum([])", "0"), ("sum([1, 2.5])", "3.5"), ("sum([{'n': 1}, {'n': 2}, {}], 'n')", "3"),
      ("sum([{'d': '0.10'}, {'d': '0.20'}], 'd')", "decimal('0.3')"), ("sum([1u, 2u])", "3u"),
      ("sum([duration('1s'), duration('2s')])", "duration('3s')"),
      ("first([])", "null"), ("[1, 2].last()", "2"), ("sort([3, 1.5, 2u])", "[1.5, 2u, 3]"),
      ("sort([{'n': 2}, {'n': 1}], 'n').map(x, x.n)", "[1, 2]"),
      ("distinct([1, 1.0, 'a', [1], [1], 'a'])", "[1, 'a', [1]]"),
      ("distinct([{'k': 1, 'n': 2}, {'k': 1, 'n': 3}, {'n': 4}], 'k')", "[{'k': 1, 'n': 2}, {'n': 4}]"),
      ("flatten([[1], [[2]], []])", "[1, [2]]"),
      ("min([3, 1, 2])", "1"), ("max(1, 2.5, null)", "2.5"),
      ("max([])", "null"),
      ("coalesce(nowhere, {}.a, null, 7)", "7"), ("coalesce(null)", "null"), ("coalesce({}.?a, 1)", "1"),
    ])
    expectFailure([
      ("coalesce(1/0, 1)", "divide by zero"), ("sum(['x'])", "no decimal number"), ("sum([true])", "no such overload"),
      ("sort([1, 'a'])", "no such overload"),
      ("min([1, 'a'])", "no such overload"), ("first(1)", "no such overload"), ("sum([9223372036854775807, 1])", "overflow"),
    ])
  }

  func testMapsNumbersTexts() {
    expect([
      ("merge({'a': 1, 'b': 2}, {'b': 3, 'c': 4})", "{'a': 1, 'b': 3, 'c': 4}"), ("keys({'a': 1})", "['a']"),
      ("values({'a': 1})", "[1]"),
      ("round(2.5)", "3"), ("round(2.345, 2)", "2.35"), ("ceil(1.2)", "2"), ("floor(-1.2)", "-2"), ("abs(-3)", "3"),
      ("abs(decimal('-1.5'))", "decimal('1.5')"),
      ("slug('  Héllo, Wörld! 2 ')", "'héllo-wörld-2'"), ("last8('0123456789')", "'23456789'"), ("last8('abc')", "'abc'"),
      ("toJson({'a': [1, null, 'x']})", "'{\"a\":[1,null,\"x\"]}'"), ("join(['a', 'b'], '/')", "'a/b'"),
      ("split('a b', ' ')", "['a', 'b']"),
      ("upperAscii('a') + trim(' b ') + replace('c', 'c', 'd')", "'Abd'"), ("math.greatest(1, 2.5)", "2.5"),
      ("math.bitShiftRight(-1, 63)", "1"),
    ])
    expectFailure([("round(1e300)", "overflow"), ("abs(-9223372036854775808)", "overflow"), ("merge(1, {})", "no such overload")])
  }

  func testDecimals() {
    expect([
      ("decimal('0.1') + decimal('0.2') == decimal('0.3')", "true"), ("decimal('1.50')", "decimal('1.5')"),
      ("string(decimal('12.50') * 3)", "'37.5'"),
      ("decimal('1') / 3", "decimal('0.333333333333333333')"), ("-decimal('2.5') < 0", "true"), ("decimal('2.0') == 2", "true"),
      ("5 - decimal('0.01')", "decimal('4.99')"), ("round(decimal('2.345'), 2)", "decimal('2.34')"),
      ("round(decimal('2.5'))", "decimal('3')"),
      ("floor(decimal('-2.5'))", "decimal('-3')"), ("int(decimal('7.9'))", "7"), ("max([decimal('1.1'), 1, 2])", "2"),
      ("string(decimal('-0.05'))", "'-0.05'"),
    ])
    expectFailure([
      ("decimal('1') / 0", "divide by zero"), ("decimal('1e3')", "no decimal"), ("decimal('1.')", "no decimal"),
      ("decimal('') ", "no decimal"),
      ("decimal('1') + 1.0", "no such overload"),
      ("decimal('99999999999999999999') * decimal('99999999999999999999')", "overflow"),
    ])
  }
}
