// Properties over random input: a failure tells its seed.
import Core
import Expressions
import Foundation
import XCTest

final class PropertyTests: XCTestCase {
  private let words = [
    "a", "self", "x", "1", "2u", "0x1F", "1.5e3", "'s'", "b'\\x00'", "r'\\d'", "true", "null", "+", "-", "*", "/", "%", "!", "&&",
    "||", "==", "!=",
    "<", "<=", "in", "?", ":", ".", ",", "(", ")", "[", "]", "{", "}", "has(", ".all(x, ", ".map(x, ", ".filter(", "size(", ".?",
    "[?", "`f`",
    "timestamp(", "duration('1s')", "matches('a*')", "\n", "//", "'", "\\", "é", "for", "google.protobuf.Int64Value{",
    "coalesce(", "format(", "'''",
  ]
  private let valid = [
    "self.port > 0 && self.name != ''", "[1, 2, 3].map(x, x > 1, x * 2).exists(y, y == 4)",
    "{'a': [1, {'b': 2u}]}.a[1].b in [2, 3]",
    "timestamp('2009-02-13T23:31:30Z') + duration('1h') < timestamp(0) ? 'a' : b'b'",
    "'%s-%d'.format(['x', 1]).matches('^[a-z]-(\\\\d+)$')",
    "sum([{'n': '1.5'}], 'n') * 2", "cel.bind(t, {'k': -9223372036854775808}, t.?k.orValue(0) - 1)",
    "coalesce(self.none, [?optional.of(1)])",
  ]

  /// Whatever the text: a program that runs, or faults that stand within the text.
  private func survives(_ source: String, _ seed: UInt64) {
    do {
      let program = try CELProgram(source, functions: .platform)
      _ = program.evaluate(CELRecord(["self": ["port": 80, "name": "web"], "x": 1, "a": [1, 2]]), limit: 2000)
    } catch let error as CELError {
      let lines = source.utf8.count { $0 == 10 } + 1
      XCTAssertFalse(error.faults.isEmpty, "seed \(seed): \(source)")
      XCTAssertLessThanOrEqual(error.faults.count, CELError.limit, "seed \(seed): \(source)")
      for fault in error.faults
      where !(1...lines).contains(fault.line) || fault.column < 1 || fault.column > source.unicodeScalars.count + 1 {
        XCTFail("seed \(seed): \(source): \(fault)")
      }
    } catch {
      XCTFail("seed \(seed): \(source): \(error)")
    }
  }

  func testNoTextCrashesTheParser() {
    for seed in UInt64(1)...3000 {
      var random = RandomGenerator(SeededRandom(seed: seed))
      let count = Int.random(in: 1...25, using: &random)
      survives(
        (0..<count).map { _ in words.randomElement(using: &random) ?? "" }.joined(separator: seed % 2 == 0 ? " " : ""), seed)
    }
  }

  func testNoMutationCrashesTheParser() {
    for seed in UInt64(1)...3000 {
      var random = RandomGenerator(SeededRandom(seed: seed))
      var bytes = Array(valid[Int(seed) % valid.count].utf8)
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let at = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<3, using: &random) {
        case 0: bytes[at] = UInt8.random(in: 0...255, using: &random)
        case 1: if bytes.count > 1 { bytes.remove(at: at) }
        default: bytes.insert(contentsOf: (words.randomElement(using: &random) ?? "").utf8, at: at)
        }
      }
      survives(String(decoding: bytes, as: UTF8.self), seed)
    }
  }

  /// Each of these would take ages or fill the memory without a limit.
  func testTheCostLimitHolds() {
    let doubled = "[1, 1]" + String(repeating: ".map(x, [x, x, x, x, x, x, x, x])", count: 14)
    let big = (0..<8).reduce("['0123456789abcdef']") { text, _ in "\(text).map(x, x + x + x + x + x + x + x + x)" }
    let listing = "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]"
    let loops = (0..<8).reversed().reduce("true") { "\(listing).all(v\($1), \($0))" }
    let equal = "cel.bind(a, [1], cel.bind(b, [a, a], b == [a, a]))"
    let shared = (0..<40).reduce("v39 == v39") { body, n in
      "cel.bind(v\(39 - n), [\(n == 39 ? "1, 1" : "v\(38 - n), v\(38 - n)")], \(body))"
    }
    let shown = shared.replacingOccurrences(of: "v39 == v39", with: "toJson(v39)")
    let hidden = "false && (\(loops))" + " || " + "(\(loops) || true)"
    for source in [doubled, big, loops, shared, shown, hidden] {
      let start = ContinuousClock.now
      XCTAssertEqual(evaluated(source), .failure(CELFailure("the cost limit was reached", kind: .limit)), source)
      XCTAssertLessThan(ContinuousClock.now - start, .seconds(3), source)
    }
    XCTAssertEqual(evaluated(equal), .success(true))
    XCTAssertEqual(evaluated("1 + 1", limit: 2), .failure(CELFailure("the cost limit was reached", kind: .limit)))
    XCTAssertEqual(evaluated("1 + 1", limit: 3), .success(2))
  }

  func testLogicIsCommutative() {
    let parts = ["true", "false", "1/0 > 0", "nowhere", "1", "'x'", "null", "[1].exists(x, x > 2)", "[0].all(x, 1/x > 0)"]
    func outcome(_ source: String) -> Bool? { if case .success(let value) = evaluated(source) { value.truth } else { nil } }
    for a in parts {
      for b in parts {
        for op in ["&&", "||"] {
          XCTAssertEqual(outcome("(\(a)) \(op) (\(b))"), outcome("(\(b)) \(op) (\(a))"), "\(a) \(op) \(b)")
          XCTAssertEqual(
            outcome("[1].exists(i, (\(a))) \(op) (\(b))"), outcome("(\(b)) \(op) [1].exists(i, (\(a)))"), "\(a) \(op) \(b)")
        }
        XCTAssertEqual(outcome("!((\(a)) && (\(b)))"), outcome("!(\(a)) || !(\(b))"), "De Morgan: \(a), \(b)")
      }
    }
  }

  func testEqualityAndOrderAgree() {
    for seed in UInt64(1)...400 {
      var random = RandomGenerator(SeededRandom(seed: seed))
      func number() -> CELValue {
        let n = [0, 1, -1, 2, Int.max, Int.min, 1 << 53].randomElement(using: &random) ?? 0
        switch Int.random(in: 0..<4, using: &random) {
        case 0: return .int(n)
        case 1: return .uint(UInt64(bitPattern: Int64(n)))
        case 2: return .double(Double(n) + [0, 0.5].randomElement(using: &random)!)
        default: return .decimal(CELDecimal(n))
        }
      }
      let scope = CELRecord(["a": number(), "b": number()])
      func truth(_ source: String) -> Bool? {
        if case .success(let value) = evaluated(source, scope) { value.truth } else { nil }
      }
      XCTAssertEqual(truth("a == b"), truth("b == a"), "seed \(seed): \(scope)")
      XCTAssertEqual(truth("a < b"), truth("b > a"), "seed \(seed): \(scope)")
      XCTAssertEqual(truth("a <= b"), truth("a < b || a == b"), "seed \(seed): \(scope)")
      XCTAssertEqual(truth("a == b"), truth("a in [b]"), "seed \(seed): \(scope)")
    }
  }

  /// Against the system's engine, on patterns and texts small enough for it.
  func testPatternsAgreeWithAnotherEngine() throws {
    for seed in UInt64(1)...1500 {
      var random = RandomGenerator(SeededRandom(seed: seed))
      func pattern(_ depth: Int) -> String {
        switch Int.random(in: 0..<(depth == 0 ? 4 : 9), using: &random) {
        case 0: return "a"
        case 1: return "b"
        case 2: return "."
        case 3: return "[^a]"
        case 4: return "(?:\(pattern(depth - 1))|\(pattern(depth - 1)))"
        case 5: return "(\(pattern(depth - 1)))" + (["*", "+", "?", "{2}", "{1,2}", "*?"].randomElement(using: &random) ?? "")
        case 6: return (["^", "\\b", ""].randomElement(using: &random) ?? "") + pattern(depth - 1)
        case 7: return pattern(depth - 1) + (["$", "\\B", ""].randomElement(using: &random) ?? "")
        default: return pattern(depth - 1) + pattern(depth - 1)
        }
      }
      let source = pattern(3)
      let text = String((0..<Int.random(in: 0...6, using: &random)).map { _ in "abc ".randomElement(using: &random) ?? "a" })
      let other = try NSRegularExpression(pattern: source)
      let wanted = other.firstMatch(in: text, range: NSRange(text.startIndex..., in: text)) != nil
      let ours = evaluated("t.matches(p)", CELRecord(["t": .string(text), "p": .string(source)]))
      XCTAssertEqual(ours, .success(.bool(wanted)), "seed \(seed): '\(text)' ~ \(source)")
    }
  }

  func testDecimalsAreExact() {
    for seed in UInt64(1)...500 {
      var random = RandomGenerator(SeededRandom(seed: seed))
      let (a, b) = (
        Int.random(in: -1_000_000...1_000_000, using: &random), Int.random(in: -1_000_000...1_000_000, using: &random)
      )
      func cents(_ n: Int) -> CELDecimal? { CELDecimal(coefficient: Int128(n), scale: 2) }
      guard let x = cents(a), let y = cents(b) else { return XCTFail("seed \(seed)") }
      XCTAssertEqual(x.adding(y), cents(a + b), "seed \(seed)")
      XCTAssertEqual(x.multiplied(by: y), CELDecimal(coefficient: Int128(a * b), scale: 4), "seed \(seed)")
      XCTAssertEqual(CELDecimal(x.description), x, "seed \(seed)")
      XCTAssertEqual(x < y, a < b, "seed \(seed)")
      if b != 0 { XCTAssertEqual(x.multiplied(by: y)?.divided(by: y), x, "seed \(seed)") }
    }
  }
}
