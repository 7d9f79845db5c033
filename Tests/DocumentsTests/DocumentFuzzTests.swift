// Hostile and random input: readers never crash, and what the writer writes reads back equal.
import Core
import Documents
import XCTest

final class DocumentFuzzTests: XCTestCase {
  private static let seed = UInt64(ProcessInfo.processInfo.environment["PLUMB_SEED"] ?? "") ?? UInt64.random(in: 0..<1_000_000)

  private static let samples = [
    "apiVersion: deploy/v1\nkind: Pool\nmetadata: {name: eu, labels: {a: b}}\n"
      + "spec:\n  list:\n    - a: 1\n    - |\n      text\n  x: &a [1, *b]\n---\nk: 'v'\n",
    "a: !!str 1\n? b\n: \"\\u00e9\\n\"\n...\n%YAML 1.2\n--- >\n folded\n text\n",
    "{\"a\": [1, 2.5, null, \"x\\u0041\"], \"b\": {\"c\": true}}",
  ]

  func testRandomAndMutatedBytesNeverCrash() {
    var random = RandomGenerator(SeededRandom(seed: Self.seed))
    for round in 0..<4000 {
      var bytes: [UInt8]
      if round % 4 == 0 {
        bytes = (0..<Int.random(in: 0..<200, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
      } else {
        bytes = Array(Self.samples[round % Self.samples.count].utf8)
        let tokens = Array("{}[]:,-?&*!|>'\"%@#\n\t <".utf8) + [0xC3, 0xE2, 0x80, 0xA8]
        for _ in 0..<Int.random(in: 1...6, using: &random) {
          let at = Int.random(in: 0..<bytes.count, using: &random)
          switch Int.random(in: 0..<4, using: &random) {
          case 0: bytes[at] = tokens.randomElement(using: &random)!
          case 1: bytes.insert(tokens.randomElement(using: &random)!, at: at)
          case 2: bytes.remove(at: at)
          default: bytes.insert(contentsOf: bytes[at..<min(bytes.count, at + 20)], at: Int.random(in: 0...at, using: &random))
          }
          if bytes.isEmpty { bytes = [10] }
        }
      }
      for read in [DocumentReader.documents, YAMLReader.documents, JSONDocument.documents] {
        let result = read(bytes, "f", .standard)
        for document in result.documents where document.node == nil {
          XCTAssertFalse(result.problems.isEmpty, "seed \(Self.seed) round \(round): a document without node and without fault")
        }
        for problem in result.problems {
          XCTAssertNotNil(problem.place, "seed \(Self.seed) round \(round)")
          XCTAssertGreaterThan(problem.place?.line ?? 0, 0, "seed \(Self.seed) round \(round)")
        }
      }
    }
  }

  func testWhatIsWrittenReadsBackEqual() throws {
    var random = RandomGenerator(SeededRandom(seed: Self.seed))
    for round in 0..<3000 {
      let value = Self.value(&random, depth: 0)
      let yaml = YAMLWriter.write(value)
      let result = YAMLReader.documents(Array(yaml.utf8), file: "f")
      XCTAssertEqual(result.problems.map(\.description), [], "seed \(Self.seed) round \(round):\n\(yaml)")
      XCTAssertEqual(result.documents.first?.node?.value, value, "seed \(Self.seed) round \(round):\n\(yaml)")
      let json = JSONDocument.documents(JSON.write(["v": value]), file: "f")
      if json.problems.isEmpty { XCTAssertEqual(json.documents.first?.node?.value["v"], try JSON.parse(JSON.write(value))) }
    }
  }

  static func value(_ random: inout RandomGenerator, depth: Int) -> Value {
    switch Int.random(in: 0..<(depth > 4 ? 5 : 8), using: &random) {
    case 0: return .null
    case 1: return .bool(Bool.random(using: &random))
    case 2: return .int(Int.random(in: -1000...1000, using: &random))
    case 3: return .double([0.5, -2.0, 1e21, 1e-7, 123456.789, .infinity].randomElement(using: &random)!)
    case 4, 5: return .string(text(&random))
    case 6: return .list((0..<Int.random(in: 0...4, using: &random)).map { _ in value(&random, depth: depth + 1) })
    default:
      return .object(
        ObjectMap((0..<Int.random(in: 0...4, using: &random)).map { _ in (text(&random), value(&random, depth: depth + 1)) }))
    }
  }

  private static func text(_ random: inout RandomGenerator) -> String {
    let known = [
      "", "null", "~", "yes", "No", "1", "1.5", "0x1F", "1e3", ".inf", "a: b", "a #b", "# c", "- a", "--- x", "...", "*a", "&a",
      "!t", "a\nb",
      "a\n\n", " a", "a ", "\ta", "a\n b\n", "x\u{85}y", "x\u{2028}y", "\u{FEFF}", "é", "😀", "<<", "?", "a:", "[a", "{", "%a",
      "@a", "`a", "'", "\"",
      "2024-01-01", "12:30", "a,b", "|", ">", "\u{7F}", "\0", "line one\n\n  line two\nend", "a \nb",
      String(repeating: "k", count: 1500), "-1", "1a", "10m",
    ]
    if Bool.random(using: &random) { return known.randomElement(using: &random)! }
    let letters = Array("ab1 :#-\n'\"[]{},.\\/é")
    return String((0..<Int.random(in: 0...12, using: &random)).map { _ in letters.randomElement(using: &random)! })
  }
}
