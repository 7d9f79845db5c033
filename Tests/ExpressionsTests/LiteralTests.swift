// Literals, escapes, comments and reserved words.
import Expressions
import XCTest

final class LiteralTests: XCTestCase {
  func testNumbers() {
    expect([
      ("0x1F", "31"), ("-0x10", "-16"), ("0xFFu", "255u"), ("42U", "42u"), ("1e3", "1000.0"), (".5e+1", "5.0"),
      ("-2.5E-1", "-0.25"),
      ("-9223372036854775808", "-9223372036854775807 - 1"), ("--7", "7"),
      ("18446744073709551615u", "uint('18446744073709551615')"),
    ])
  }

  func testTexts() {
    expect([
      (#"'a\'b'"#, #""a'b""#), (#""\x41\u0042\U00000043\104""#, "'ABCD'"), (#"r'\n'"#, #"'\\n'"#), (#"R"\""#, #"'\\'"#),
      ("'''a\n'b' ''c'''", #"'a\n\'b\' \'\'c'"#), (#"'\a\b\f\n\r\t\v\?\`'"#, #"'\x07\x08\x0c\x0a\x0d\x09\x0b?`'"#),
      (#"b'\xff\377a'"#, #"b'\377\xFF' + b'a'"#), (#"b'ÿ'"#, #"b'\xc3\xbf'"#), (#"'\xff'"#, "'ÿ'"), (#"br'\d'"#, #"b'\\d'"#),
    ])
  }

  func testListsAndMaps() {
    expect([
      ("[1, 2,]", "[1, 2]"), ("{'a': 1,}.a", "1"), ("{1: 'i', 2u: 'u', true: 'b', 's': 's'}[2]", "'u'"),
      ("{1: 'a'}[1.0]", "'a'"), ("{'for': 1}.for", "1"), ("{'a-b/c.d e': 2}.`a-b/c.d e`", "2"), ("1 // one\n + 2", "3"),
    ])
    expectFailure([
      ("{1.5: 1}", "unsupported key type"), ("{null: 1}", "unsupported key type"), ("{1: 1, 1u: 2}", "repeated key"),
      ("{'a': 1}.b", "no such key: 'b'"), ("[1][1]", "index out of bounds"), ("[1][-1]", "index out of bounds"),
      ("[1]['a']", "invalid_argument"),
    ])
  }

  func testFaultsArePlacedAndAllTold() {
    expectFaults([
      ("1 +", ["1:4: unexpected the end"]), ("", ["1:1: unexpected the end"]), ("a b", ["1:3: unexpected 'b'"]),
      (
        "f(1 +, 2 *, nope(3))",
        ["1:1: unknown function 'f'", "1:6: unexpected ','", "1:11: unexpected ','", "1:13: unknown function 'nope'"]
      ),
      ("'a\n+ 1", ["1:1: the string is not closed on its line"]), ("\"\"\"a", ["1:1: the string is not closed"]),
      (#"'\s'"#, [#"1:2: unknown escape '\s'"#]), (#"'\ud800'"#, ["no Unicode code point"]), (#"b'\u0041'"#, ["bytes take no"]),
      ("9223372036854775808", ["out of range"]), ("-9223372036854775809", ["out of range"]),
      ("18446744073709551616u", ["out of range"]),
      ("for + while", ["1:1: 'for' is a reserved word", "1:7: 'while' is a reserved word"]), ("a = 1", ["equality is '=='"]),
      ("\n  é ", ["2:3: unexpected character 'é'"]), ("sizee('a')", ["did you mean 'size'?"]),
      ("size()", ["another number of arguments"]),
      ("has(a)", ["has() takes the selection"]), ("[1].all(1, true)", ["a macro's variable is a plain name"]),
      ("x.true", ["unexpected 'true'"]),
      ("a.matches('(')", ["invalid pattern"]), ("Foo{a: 1}", ["unknown message type 'Foo'"]), ("[1, 2", ["to close '['"]),
      ("google.protobuf.Int64Value{valu: 1}", ["no such field 'valu'"]),
    ])
  }

  func testLimits() {
    let nested = String(repeating: "(", count: 200) + "1" + String(repeating: ")", count: 200)
    expect([
      (nested, "1"), (String(repeating: "1 + ", count: 400) + "1", "401"),
      (String(repeating: "true && ", count: 5000) + "true", "true"),
    ])
    let deep = String(repeating: "(", count: 251) + "1" + String(repeating: ")", count: 251)
    expectFaults([
      (deep, ["nested deeper than 250"]), (String(repeating: "1 + ", count: 600) + "1", ["more than 500 steps"]),
      ("'" + String(repeating: "a", count: 65_536) + "'", ["longer than 65536 bytes"]),
    ])
  }
}
