// Specs drawn by chance from what a kind says of its fields: what a person might write who knows nothing but the schema.
import Core
import Foundation
import Kinds

/// One stated object of a random walk.
public struct WalkObject: Sendable {
  public var kind: String
  public var name: String
  public var spec: ObjectMap
}

struct KindSampler {
  private static let deepest = 4
  private static let mostItems = 2
  /// Texts for patterns: the first that fits is taken.
  private static let texts = [
    "a1", "ab", "alpha", "Alpha", "a-b", "A1", "AB", "abc", "ABC", "12", "1", "123456", "/a", "1.0.0", "a.b", "a/b", "#1f6feb",
    "*", "App.read",
    "a@b.example", "example.com", "a_b", "A_B", "10.0.0.1", "10.0.0.0/8", "80", "8080-8090", "true", "daily",
    "https://example.com", "5m",
    "0 * * * *", "sha256:0000000000000000000000000000000000000000000000000000000000000000",
    "00000000-0000-4000-8000-000000000000",
    "ABCD-1234", "+4930123456", "en", "DE", "EUR", "eu-1", "a:b", "key=value", "2026-01-31", "12:30",
  ]

  let catalog: KindCatalog
  let random: SeededRandom

  func draw(_ most: Int) -> Int { Int(random.next() % UInt64(max(1, most))) }

  /// Names of the objects of a kind that may be referred to.
  typealias Known = (String) -> [String]

  /// Nil where the schema alone does not tell a value, or a required reference has nobody to name.
  func spec(_ kind: KindSpec, name: String, known: Known, from old: ObjectMap? = nil) -> ObjectMap? {
    var spec = old ?? ObjectMap()
    for field in kind.fields where field.name != kind.identityField {
      guard field.writer == .any, field.computed == nil, field.secret == nil, !holdsSecret(field) else {
        if field.required, field.writer == .any, field.generate == nil { return nil }
        continue
      }
      if old != nil {
        // A change leaves most as it is.
        if field.immutable || field.generate != nil || draw(3) != 0 { continue }
        if let from = spec[field.name]?.string, !field.moves.isEmpty {
          let next = field.moves[from] ?? []
          if !next.isEmpty { spec[field.name] = .string(next[draw(next.count)]) }
          continue
        }
      } else if !field.required, draw(2) == 0 {
        continue
      }
      guard let value = value(field, known: known, depth: 0) else {
        if field.required, old == nil { return nil }
        continue
      }
      spec[field.name] = value
    }
    return spec
  }

  private func holdsSecret(_ field: FieldSpec) -> Bool {
    field.secret != nil || field.items.contains(where: holdsSecret) || field.fields.contains(where: holdsSecret)
  }

  private func value(_ field: FieldSpec, known: Known, depth: Int) -> Value? {
    guard depth < Self.deepest else { return nil }
    if let reference = field.reference, field.type != .list {
      let names = known(reference.kind)
      return names.isEmpty || reference.tree ? nil : .string(names[draw(names.count)])
    }
    if !field.allowed.isEmpty { return .string(field.allowed[draw(field.moves.isEmpty ? field.allowed.count : 1)]) }
    let low = field.min.map { Int($0.rounded(.up)) } ?? 0
    switch field.type {
    case .string: return text(field).map(Value.string)
    case .integer:
      let high = field.max.map { Int($0) } ?? low + 100
      return .int(low + draw(min(high - low, 1000) + 1))
    case .number: return .double(Double(low) + Double(draw(max(1, min(Int(field.max ?? Double(low + 10)) - low, 10)))))
    case .decimal: return .string("\(low + draw(max(1, min(Int(field.max ?? Double(low + 10)) - low, 10)))).50")
    case .boolean: return .bool(draw(2) == 0)
    case .timestamp: return .string("2030-01-\(10 + draw(19))T12:00:00Z")
    case .date: return .string("2030-01-\(10 + draw(19))")
    case .duration: return .string("\(1 + draw(50))m")
    case .bytes: return .string("aGVsbG8=")
    case .map:
      guard let of = field.of else { return nil }
      var map = ObjectMap()
      for n in 0..<max(low, draw(Self.mostItems + 1)) {
        if let value = value(of, known: known, depth: depth + 1) { map["k\(n)"] = value }
      }
      return map.count >= low ? .object(map) : nil
    case .list:
      guard let of = field.of else { return nil }
      var list: [Value] = []
      var keys: Set<Value> = []
      for _ in 0..<max(low, draw(Self.mostItems + 1)) {
        guard let value = value(of, known: known, depth: depth + 1) else { break }
        if keys.insert(field.key.map { value[$0] } ?? value).inserted { list.append(value) }
      }
      return list.count >= low ? .list(list) : nil
    case .object:
      var map = ObjectMap()
      for inner in field.fields where inner.writer == .any && inner.computed == nil && (inner.required || draw(2) == 0) {
        guard let value = value(inner, known: known, depth: depth + 1) else {
          if inner.required { return nil }
          continue
        }
        map[inner.name] = value
      }
      return .object(map)
    case .any: return .string("anything")
    case .blob: return nil
    }
  }

  /// A text within length, pattern and format; nil when none of those at hand fits.
  func text(_ field: FieldSpec, number: Int? = nil) -> String? {
    let low = Int(field.min ?? 0)
    let high = Int(field.max ?? 60)
    var candidates: [String] = []
    if let format = field.format {
      let example = FieldFormat.example(format) ?? ""
      candidates = example.components(separatedBy: " or ").map { $0.components(separatedBy: ", ")[0] }
    }
    let stem = number.map { "w\($0)" } ?? "t\(draw(1000))"
    candidates += [stem + String(repeating: "x", count: max(0, low - stem.count))]
    if let number {
      candidates += ["w\(number).example.com", "w\(number)@example.com", "W\(number)", "/w\(number)", "\(100_000 + number)"]
    }
    candidates += Self.texts
    return candidates.first { text in
      text.count >= low && text.count <= high && field.pattern.map { TextPattern.matches(text, $0) } ?? true
        && field.format.map { FieldFormat.fits(text, $0) } ?? true && (number == nil || text.contains("\(number ?? 0)"))
    }
  }
}
