// Random JSON values for properties.
import Core

enum RandomValues {
  static func value(_ random: inout RandomGenerator, depth: Int = 0) -> Value {
    switch Int.random(in: 0..<(depth > 4 ? 5 : 8), using: &random) {
    case 0: return .null
    case 1: return .bool(Bool.random(using: &random))
    case 2: return .int(Int.random(in: .min ... .max, using: &random) >> Int.random(in: 0..<64, using: &random))
    case 3: return .double(Double(Int.random(in: -1_000_000...1_000_000, using: &random)) / 128)
    case 4, 5: return .string(text(&random))
    case 6: return .list((0..<Int.random(in: 0...4, using: &random)).map { _ in value(&random, depth: depth + 1) })
    default:
      let count = Int.random(in: 0...(depth == 0 ? 30 : 5), using: &random)
      return .object(ObjectMap((0..<count).map { _ in (text(&random), value(&random, depth: depth + 1)) }))
    }
  }

  static func text(_ random: inout RandomGenerator) -> String {
    let letters: [Unicode.Scalar] = ["a", "b", "\"", "\\", "/", "\n", "\t", "\u{0}", "\u{1F}", "é", "😀", "\u{2028}", "z", "1"]
    var text = ""
    for _ in 0..<Int.random(in: 0...8, using: &random) { text.unicodeScalars.append(letters.randomElement(using: &random)!) }
    return text
  }

  /// The same value with the members of every object in another order.
  static func shuffled(_ value: Value, _ random: inout RandomGenerator) -> Value {
    switch value {
    case .list(let items): return .list(items.map { shuffled($0, &random) })
    case .object(let map):
      var members: [(String, Value)] = []
      for (key, value) in map { members.append((key, shuffled(value, &random))) }
      return .object(ObjectMap(members.shuffled(using: &random)))
    default: return value
    }
  }
}
