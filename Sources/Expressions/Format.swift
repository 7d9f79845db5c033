// `pattern.format(list)`: %s %d %f %e %x %X %o %b.
import Foundation

enum Format {
  /// The most digits behind the point that a pattern may ask for.
  static let precisionLimit = 100

  static func run(_ pattern: String, _ values: [CELValue], _ budget: inout CELBudget) -> CELValue {
    var out = ""
    var used = 0
    var rest = Substring(pattern)
    while let percent = rest.firstIndex(of: "%") {
      out += rest[..<percent]
      rest = rest[rest.index(after: percent)...]
      if rest.first == "%" {
        out += "%"
        rest = rest.dropFirst()
        continue
      }
      var precision: Int?
      if rest.first == "." {
        let digits = rest.dropFirst().prefix { $0.isASCII && $0.isNumber }
        precision = Int(digits)
        guard let precision, precision <= precisionLimit else {
          return .error(CELFailure("format: a precision goes from 0 to \(precisionLimit)"))
        }
        rest = rest.dropFirst(1 + digits.count)
      }
      guard let clause = rest.popFirst() else { return .error(CELFailure("format: the pattern ends in '%'")) }
      guard values.indices.contains(used) else { return .error(CELFailure("format: no argument for clause \(used + 1)")) }
      guard let text = text(values[used], clause, precision, &budget) else {
        return .error(CELFailure("format: %\(clause) takes no \(values[used].typeName)"))
      }
      guard budget.spend(1 + text.utf8.count >> 4) else { return .error(.limit) }
      out += text
      used += 1
    }
    return .string(out + rest)
  }

  private static func text(_ value: CELValue, _ clause: Character, _ precision: Int?, _ budget: inout CELBudget) -> String? {
    switch clause {
    case "s": return shown(value, &budget)
    case "d":
      switch value {
      case .int, .uint: return value.shown
      case .double(let d): return Conversions.text(d)
      case .decimal(let d): return d.description
      default: return nil
      }
    case "f", "e":
      let number: Double
      switch value {
      case .int(let i): number = Double(i)
      case .uint(let u): number = Double(u)
      case .double(let d): number = d
      case .decimal(let d): number = d.double
      default: return nil
      }
      if !number.isFinite { return Conversions.text(number) }
      return String(format: clause == "f" ? "%.*f" : "%.*e", precision ?? 6, number)
    case "x", "X":
      switch value {
      case .int(let i): return String(i, radix: 16, uppercase: clause == "X")
      case .uint(let u): return String(u, radix: 16, uppercase: clause == "X")
      case .string(let s): return hex(Array(s.utf8), uppercase: clause == "X")
      case .bytes(let b): return hex(b, uppercase: clause == "X")
      default: return nil
      }
    case "o", "b":
      let radix = clause == "o" ? 8 : 2
      switch value {
      case .int(let i): return String(i, radix: radix)
      case .uint(let u): return String(u, radix: radix)
      case .bool(let b): return clause == "b" ? (b ? "1" : "0") : nil
      default: return nil
      }
    default: return nil
    }
  }

  private static func hex(_ bytes: [UInt8], uppercase: Bool) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16, uppercase: uppercase) }.joined()
  }

  /// `%s` of any value but failures.
  static func shown(_ value: CELValue, _ budget: inout CELBudget) -> String? {
    guard budget.spend(1) else { return "" }
    switch value {
    case .null: return "null"
    case .string(let s): return s
    case .bytes(let b): return String(decoding: b, as: UTF8.self)
    case .bool, .int, .uint, .type, .decimal, .timestamp, .duration: return value.value.string ?? value.shown
    case .double(let d): return Conversions.text(d)
    case .list(let items):
      var parts: [String] = []
      for item in items {
        guard let part = shown(item, &budget) else { return nil }
        parts.append(part)
      }
      return "[" + parts.joined(separator: ", ") + "]"
    case .map(let map):
      var parts: [(String, String)] = []
      for (at, key) in map.keys.enumerated() {
        guard let part = shown(map.value(at: at), &budget) else { return nil }
        parts.append((key.shown, part))
      }
      return "{" + parts.sorted { $0.0 < $1.0 }.map { "\($0.0): \($0.1)" }.joined(separator: ", ") + "}"
    case .object(let object): return shown(.map(CELMap(object)), &budget)
    case .optional, .error: return nil
    }
  }
}
