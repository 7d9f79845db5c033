// Chance from a seed: the same numbers in the same order, on every machine.
import Core
import Foundation

struct Chance {
  private let source: SeededRandom

  init(seed: UInt64) { source = SeededRandom(seed: seed) }

  /// 0 to 1, 1 excluded.
  func unit() -> Double { Double(source.next() >> 11) / 9_007_199_254_740_992 }
  func number(_ range: ClosedRange<Double>) -> Double { range.lowerBound + unit() * (range.upperBound - range.lowerBound) }
  func integer(_ range: ClosedRange<Int>) -> Int { range.lowerBound + Int(source.next() % UInt64(range.count)) }
  func happens(_ share: Double) -> Bool { unit() < share }
  func pick<T>(_ list: [T]) -> T { list[integer(0...(list.count - 1))] }
  /// Normally distributed around 0.
  func normal(_ deviation: Double) -> Double {
    deviation == 0 ? 0 : deviation * (-2 * log(1 - unit())).squareRoot() * cos(2 * .pi * unit())
  }
  func seed() -> UInt64 { source.next() }
}
