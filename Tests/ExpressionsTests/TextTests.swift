// Functions on texts, and patterns.
import Expressions
import XCTest

final class TextTests: XCTestCase {
  func testFunctions() {
    expect([
      ("size('πέντε')", "5"), ("'abc'.contains('bc')", "true"), ("'abc'.startsWith('')", "true"),
      ("'forté'.endsWith('té')", "true"),
      ("'tacocat'.indexOf('ac')", "1"), ("'tacocat'.lastIndexOf('a', 3)", "1"), ("'tacocat'.substring(0, 4)", "'taco'"),
      ("'ab'.charAt(2)", "''"),
      ("'a,b,c'.split(',', 2)", "['a', 'b,c']"), ("'abc'.split('')", "['a', 'b', 'c']"), ("['a', 'b'].join('-')", "'a-b'"),
      ("'aXbX'.replace('X', 'y', 1)", "'aybX'"), ("'ab'.replace('', '-')", "'-a-b-'"), ("' \\u00a0x '.trim()", "'x'"),
      ("'áB'.lowerAscii()", "'áb'"),
      ("'☺b'.reverse()", "'b☺'"), ("strings.quote('a\\n\"')", "r'\"a\\n\\\"\"'"),
      ("'%s %d %.2f %x %b %e %%'.format(['a', 7, 2.5, 255, 5, 1500.0])", "'a 7 2.50 ff 101 1.500000e+03 %'"),
      ("'%s'.format([{'b': [1, null], 'a': 2.0}])", "'{a: 2, b: [1, null]}'"),
      ("base64.decode(base64.encode(b'hello'))", "b'hello'"),
    ])
    expectFailure([
      ("'ab'.substring(3)", "index out of range"), ("'ab'.substring(2, 1)", "index out of range"),
      ("'%d'.format(['a'])", "%d takes no string"),
      ("'%s'.format([])", "no argument"), ("size(1)", "no such overload"), ("base64.decode('*')", "not base64"),
    ])
  }

  func testPatterns() {
    let matches = [
      ("abcd", "bc"), ("", ""), ("grey", "gr(a|e)y"), ("banana", "^ba(na)*$"), ("a1_", #"^\w+$"#), ("x\ny", "(?m)^y$"),
      ("x\ny", "(?s)x.y"),
      ("HELLO", "(?i)^hello$"), ("ÄB", "(?i)^äb$"), ("a-b", "^[a-z-]+$"), ("]", "^[]]$"), ("^", "^[\\^]$"),
      ("Ab1", "^[[:upper:]][[:^upper:]]\\d$"),
      ("mañana", "^a?m.ñ\\pL+$"), ("😀😀", "^😀{2}$"), ("a{", "^a{$"), ("a.b", "^\\Qa.b\\E$"), ("foo bar", "\\bbar\\b"),
      ("ab", "^(?P<x>a)(?:b)$"),
      ("aaa", "^a{2,}$"), ("aa", "^a{1,2}?$"), ("\u{7f}", "^\\x7f$"), ("€", "^\\x{20ac}$"), ("k", "(?i)^[[:upper:]]$"),
      ("a\tb", "a\\sb"),
    ]
    for (text, pattern) in matches {
      XCTAssertEqual(
        evaluated("t.matches(p)", CELRecord(["t": .string(text), "p": .string(pattern)])), .success(true), "\(text) ~ \(pattern)")
    }
    let others = [
      ("", "a|b"), ("x\ny", "^y$"), ("x\ny", "x.y"), ("abc", "^abc.$"), ("foobar", "\\bbar"), ("é", "^\\w$"), ("a", "^[^a]$"),
      ("aaa", "^a{1,2}$"),
      ("ab", "^(?i:A)B$"), ("1", "^\\D$"), ("A", "^\\p{Ll}$"), ("ab", "a\\b"),
    ]
    for (text, pattern) in others {
      XCTAssertEqual(
        evaluated("t.matches(p)", CELRecord(["t": .string(text), "p": .string(pattern)])), .success(false), "\(text) ~ \(pattern)"
      )
    }
  }

  func testPatternsThatAreRefused() {
    for pattern in [
      "(", ")", "*a", "a**", "[b-a]", "[a", "a{1001}", "(?=a)", "(?<!a)", "\\1", "\\q", "[[:nope:]]", "\\p{Nope}",
      "(a{500}){500}", "((((){1000}){1000}){1000}){1000}", "\\",
    ] {
      guard case .failure(let failure) = evaluated("'a'.matches(p)", CELRecord(["p": .string(pattern)])) else {
        XCTFail("\(pattern) was accepted")
        continue
      }
      XCTAssertTrue(failure.message.contains("invalid pattern"), failure.message)
    }
  }

  /// Backtracking engines take ages for these.
  func testPatternsTakeLinearTime() {
    let text = String(repeating: "a", count: 2000)
    let start = ContinuousClock.now
    for pattern in ["^(a+)+$x", "(a|aa)*b", "(a*)*b", "^(a?){50}a{50}b$"] {
      XCTAssertEqual(evaluated("t.matches(p)", CELRecord(["t": .string(text), "p": .string(pattern)])), .success(false), pattern)
    }
    XCTAssertLessThan(ContinuousClock.now - start, .seconds(5))
  }
}
