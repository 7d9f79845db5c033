// Spoiled specs: whatever is cut, doubled or swapped, the loader names faults or loads, and never crashes.
import Core
import Foundation
import KindLoading
import XCTest

final class SpecFuzzTests: XCTestCase {
  private static let seed = UInt64(ProcessInfo.processInfo.environment["PLUMB_SEED"] ?? "") ?? UInt64.random(in: 0..<1_000_000)

  func testSpoiledSpecsNeverCrash() {
    var random = RandomGenerator(SeededRandom(seed: Self.seed))
    let words = ["[]", "{}", "1", "null", "true", "''", "'x y'", "[[x]]", "{a: {b: c}}", "self", "-1", "1e9", "x.y"].map {
      Array($0.utf8)
    }
    let paths = SampleSpecs.files.keys.sorted()
    for round in 0..<300 {
      var files = SampleSpecs.files
      let path = paths.randomElement(using: &random) ?? ""
      var lines = (files[path] ?? "").split(separator: "\n").map { Array($0.utf8) }
      for _ in 0..<Int.random(in: 1...3, using: &random) where !lines.isEmpty {
        let at = lines.indices.randomElement(using: &random) ?? 0
        switch Int.random(in: 0..<4, using: &random) {
        case 0: lines.remove(at: at)
        case 1: lines.insert(lines.randomElement(using: &random) ?? [], at: at)
        case 2:
          // Another value after some colon.
          let colons = lines[at].indices.filter { lines[at][$0] == UInt8(ascii: ":") }
          guard let colon = colons.randomElement(using: &random) else { continue }
          let rest =
            lines[at][(colon + 1)...].firstIndex { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "}") } ?? lines[at].endIndex
          lines[at].replaceSubrange((colon + 1)..<rest, with: [32] + (words.randomElement(using: &random) ?? []))
        default: lines[at].removeSubrange(0..<Int.random(in: 0...lines[at].count, using: &random))
        }
      }
      files[path] = lines.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "\n")
      do {
        _ = try SampleSpecs.load(files)
      } catch let problems as Problems {
        for problem in problems.list {
          XCTAssertNotNil(problem.place, "seed \(Self.seed) round \(round): \(problem)")
          XCTAssertGreaterThan(problem.place?.line ?? 0, 0, "seed \(Self.seed) round \(round): \(problem)")
        }
      } catch {
        XCTFail("seed \(Self.seed) round \(round): \(error)")
      }
    }
  }
}
