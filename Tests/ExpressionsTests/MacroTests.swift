// Macros, optionals, binds.
import Expressions
import XCTest

final class MacroTests: XCTestCase {
  func testOneVariable() {
    expect([
      ("[1, 2, 3].all(x, x > 0)", "true"), ("[].all(x, false)", "true"), ("[].exists(x, true)", "false"),
      ("[1, 2].exists_one(x, x > 1)", "true"),
      ("[1, 1].exists_one(x, x == 1)", "false"), ("[1, 2, 3].map(x, x * x)", "[1, 4, 9]"),
      ("[1, 2, 3].map(x, x > 1, x * 2)", "[4, 6]"),
      ("[1, 2, 3].filter(x, x % 2 == 1)", "[1, 3]"), ("{'b': 1, 'a': 2}.map(k, k)", "['b', 'a']"),
      ("{1: 2}.exists(k, k == 1)", "true"),
      ("[[1], [2, 3]].map(x, x.map(y, y + size(x)))", "[[2], [4, 5]]"), ("[1].map(x, [2].map(x, x))", "[[2]]"),
    ])
    expectFailure([
      ("[1].map(x, 1/0)", "divide by zero"), ("[1].filter(x, x)", "no such overload"),
      ("1.map(x, x)", "no such overload: map(int)"),
      ("[0, 1].exists_one(x, 1/x == 1)", "divide by zero"), ("[1].all(x, x)", "no such overload"),
    ])
  }

  func testTwoVariables() {
    expect([
      ("['a', 'b'].all(i, v, i < 2 && v != 'c')", "true"), ("{'a': 1}.exists(k, v, k == 'a' && v == 1)", "true"),
      ("[7, 8].transformList(i, v, i * v)", "[0, 8]"), ("[7, 8].transformList(i, v, i > 0, v)", "[8]"),
      ("{'a': 1, 'b': 2}.transformMap(k, v, v > 1, v * 10)", "{'b': 20}"), ("['x'].transformMapEntry(i, v, {v: i})", "{'x': 0}"),
      ("[1, 2].existsOne(i, v, i == 0 && v == 1)", "true"),
    ])
    expectFailure([
      ("['x', 'x'].transformMapEntry(i, v, {v: i})", "repeated key"), ("[1].transformMapEntry(i, v, v)", "a map of one entry"),
    ])
  }

  func testBindsAndShadows() {
    let scope = CELRecord(["x": 42, "a.b": "whole", "a": ["b": "part"]])
    expect(
      [
        ("cel.bind(x, 1, x + 1)", "2"), ("[1].map(x, .x)", "[42]"), ("[1].map(y, x + y)", "[43]"), ("a.b", "'whole'"),
        ("cel.bind(y, 1/0, true || y > 0)", "true"), ("[{'b': 1}].map(a, a.b)", "[1]"),
      ], scope)
  }

  func testOptionals() {
    expect([
      ("{'a': 1}.?a.value()", "1"), ("{}.?a.hasValue()", "false"), ("{}.?a.b.orValue(7)", "7"), ("[1][?3].orValue(0)", "0"),
      ("optional.of(2).optMap(v, v * 2).value()", "4"), ("optional.none().optFlatMap(v, optional.of(v)).hasValue()", "false"),
      ("[?optional.none(), 1]", "[1]"), ("{?'a': optional.of(1)}", "{'a': 1}"),
      ("optional.ofNonZeroValue('').or(optional.of('x')).value()", "'x'"),
    ])
    expectFailure([("optional.none().value()", "optional.none() dereference")])
  }
}
