// Objects keep their order, are found by name at every size, and are equal in any order.
import Core
import XCTest

final class ObjectMapTests: XCTestCase {
  private static let seed = UInt64(ProcessInfo.processInfo.environment["PLUMB_SEED"] ?? "") ?? UInt64.random(in: 0..<1_000_000)

  func testAgainstADictionaryAndAnArray() {
    var random = RandomGenerator(SeededRandom(seed: Self.seed))
    for round in 0..<200 {
      var map = ObjectMap()
      var order: [String] = []
      var values: [String: Value] = [:]
      for _ in 0..<80 {
        let key = "k\(Int.random(in: 0..<30, using: &random))"
        if Int.random(in: 0..<3, using: &random) == 0 {
          map[key] = nil
          values[key] = nil
          order.removeAll { $0 == key }
        } else {
          let value = Value.int(Int.random(in: 0..<5, using: &random))
          map[key] = value
          if values.updateValue(value, forKey: key) == nil { order.append(key) }
        }
      }
      let message = "seed \(Self.seed) round \(round)"
      XCTAssertEqual(map.keys, order, message)
      XCTAssertEqual(map.values, order.map { values[$0]! }, message)
      for n in 0..<30 {
        XCTAssertEqual(map["k\(n)"], values["k\(n)"], message)
        XCTAssertEqual(map.has("k\(n)"), values["k\(n)"] != nil, message)
      }
      let other = ObjectMap(order.shuffled(using: &random).map { ($0, values[$0]!) })
      XCTAssertEqual(map, other, message)
      XCTAssertEqual(map.hashValue, other.hashValue, message)
      XCTAssertEqual(map.sorted().keys, order.sorted(), message)
      if let first = order.first {
        var changed = map
        changed[first] = "other"
        XCTAssertNotEqual(changed, map, message)
        changed[first] = nil
        XCTAssertNotEqual(changed, map, message)
      }
    }
  }

  func testValuePathsAndEquality() {
    var value: Value = ["a": ["b": [1, 2.0]]]
    XCTAssertEqual(value.at(path: ["a", "b"]), [1, 2.0])
    XCTAssertEqual(value.at(path: ["a", "x", "y"]), .null)
    value["c"] = true
    XCTAssertEqual(value["c"].bool, true)
    XCTAssertNotEqual(Value.int(1), Value.double(1))
    XCTAssertEqual(Value.int(1).double, 1)
  }
}
