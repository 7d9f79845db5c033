// Predicates and orders evaluated in memory, with the meaning that PostgresStore gives them in SQL.
import Core
import Foundation
import Kinds
import Ports

/// A field's value as predicates see it.
enum MemoryField {
  case uid(UID)
  case text(String?)
  case number(Value)
  case time(Timestamp?)
  case json(Value, FieldSpec.FieldType?)
}

struct MemoryPredicate {
  /// Where a path leads.
  let field: (FieldPath) -> MemoryField

  func holds(_ predicate: Ports.Predicate) -> Bool {
    switch predicate {
    case .always: true
    case .never: false
    case .all(let parts): parts.allSatisfy(holds)
    case .any(let parts): parts.contains(where: holds)
    case .not(let part): !holds(part)
    case .compare(let path, .equal, let value): equal(field(path), value)
    case .compare(let path, .notEqual, let value): !equal(field(path), value)
    case .compare(let path, let comparison, let value): order(field(path), value).map { Self.holds($0, comparison) } ?? false
    case .among(let path, let values): values.contains { equal(field(path), $0) }
    case .isNull(let path): isNull(field(path))
    case .holds(let path, let value):
      if case .json(.list(let items), _) = field(path) { items.contains { Self.same($0, value) } } else { false }
    case .containsText(let path, let text):
      self.text(field(path)).map { text.isEmpty || $0.lowercased().contains(text.lowercased()) } ?? false
    case .startsWith(let path, let text): self.text(field(path)).map { Array($0.utf8).starts(with: Array(text.utf8)) } ?? false
    }
  }

  private func equal(_ field: MemoryField, _ value: Value) -> Bool {
    if value.isNull { return false }
    if case .json(let stored, let type) = field, type != .decimal, type != .timestamp { return Self.same(stored, value) }
    return order(field, value) == .orderedSame
  }

  private func isNull(_ field: MemoryField) -> Bool {
    switch field {
    case .uid: false
    case .text(let text): text == nil
    case .number(let value), .json(let value, _): value.isNull
    case .time(let time): time == nil
    }
  }

  private func text(_ field: MemoryField) -> String? {
    switch field {
    case .uid(let uid): uid.description
    case .text(let text): text
    case .json(let value, _): value.string
    case .number, .time: nil
    }
  }

  /// How the field stands to the value; nil when their types differ.
  private func order(_ field: MemoryField, _ value: Value) -> ComparisonResult? {
    switch field {
    case .uid(let uid): return value.string.flatMap { UID($0) }.map { MemoryOrder.compare(uid, $0) }
    case .text(let text): return text.flatMap { text in value.string.map { MemoryOrder.compare(bytes: text, $0) } }
    case .number(let stored): return value.double == nil ? nil : Self.numbers(stored, value)
    case .time(let time):
      return time.flatMap { time in value.string.flatMap { Timestamp($0) }.map { MemoryOrder.compare(time, $0) } }
    case .json(let stored, .timestamp):
      guard let a = stored.string.flatMap({ Timestamp($0) }), let b = value.string.flatMap({ Timestamp($0) }) else { return nil }
      return MemoryOrder.compare(a, b)
    case .json(let stored, .decimal): return Self.numbers(stored, value)
    case .json(let stored, _):
      switch (stored, value) {
      case (.int, .int), (.int, .double), (.double, .int), (.double, .double): return Self.numbers(stored, value)
      case (.string(let a), .string(let b)): return MemoryOrder.compare(bytes: a, b)
      case (.bool(let a), .bool(let b)): return MemoryOrder.compare(a ? 1 : 0, b ? 1 : 0)
      default: return nil
      }
    }
  }

  static func number(_ value: Value) -> Decimal? {
    switch value {
    case .int(let number): Decimal(number)
    case .double(let number): Decimal(string: "\(number)")
    case .string(let text): Double(text) != nil && !text.contains { "eExXpPnN".contains($0) } ? Decimal(string: text) : nil
    default: nil
    }
  }

  private static func numbers(_ a: Value, _ b: Value) -> ComparisonResult? {
    guard let a = number(a), let b = number(b) else { return nil }
    return MemoryOrder.compare(a, b)
  }

  private static func holds(_ order: ComparisonResult, _ comparison: Ports.Predicate.Comparison) -> Bool {
    switch comparison {
    case .equal: order == .orderedSame
    case .notEqual: order != .orderedSame
    case .less: order == .orderedAscending
    case .lessOrEqual: order != .orderedDescending
    case .greater: order == .orderedDescending
    case .greaterOrEqual: order != .orderedAscending
    }
  }

  /// Equality of JSON: 1 and 1.0 are one number.
  static func same(_ a: Value, _ b: Value) -> Bool {
    switch (a, b) {
    case (.int, .double), (.double, .int): numbers(a, b) == .orderedSame
    case (.list(let a), .list(let b)): a.count == b.count && zip(a, b).allSatisfy(same)
    case (.object(let a), .object(let b)):
      a.count == b.count && a.allSatisfy { member in b[member.key].map { same(member.value, $0) } ?? false }
    default: a == b
    }
  }
}

/// A sort key: nulls after everything.
enum MemoryOrder {
  case null
  case number(Decimal)
  case text(String)
  case time(Timestamp)
  case uid(UID)

  init(_ field: MemoryField) {
    switch field {
    case .uid(let uid): self = .uid(uid)
    case .text(let text): self = text.map { .text($0) } ?? .null
    case .number(let value): self = MemoryPredicate.number(value).map { .number($0) } ?? .null
    case .time(let time): self = time.map { .time($0) } ?? .null
    case .json(let value, let type): self.init(value, type)
    }
  }

  init(_ value: Value, _ type: FieldSpec.FieldType?) {
    switch type {
    case .integer, .number, .decimal: self = MemoryPredicate.number(value).map { .number($0) } ?? .null
    case .timestamp: self = value.string.flatMap { Timestamp($0) }.map { .time($0) } ?? .null
    default: self = value.isNull ? .null : .text(value.string ?? JSON.text(value))
    }
  }

  /// A value of a cursor, as the same kind of key as `like`.
  init(_ value: Value, like: MemoryField) {
    switch like {
    case .uid: self = value.string.flatMap { UID($0) }.map { .uid($0) } ?? .null
    case .text: self = value.string.map { .text($0) } ?? .null
    case .number: self.init(value, .number)
    case .time: self.init(value, .timestamp)
    case .json(_, let type): self.init(value, type)
    }
  }

  static func compare(_ a: MemoryOrder, _ b: MemoryOrder) -> ComparisonResult {
    switch (a, b) {
    case (.null, .null): .orderedSame
    case (.null, _): .orderedDescending
    case (_, .null): .orderedAscending
    case (.number(let a), .number(let b)): compare(a, b)
    case (.text(let a), .text(let b)): compare(bytes: a, b)
    case (.time(let a), .time(let b)): compare(a, b)
    case (.uid(let a), .uid(let b)): compare(a, b)
    default: .orderedSame
    }
  }

  static func compare<T: Comparable>(_ a: T, _ b: T) -> ComparisonResult {
    a < b ? .orderedAscending : a == b ? .orderedSame : .orderedDescending
  }
  /// Byte order, as collation "C" has it.
  static func compare(bytes a: String, _ b: String) -> ComparisonResult {
    if a.utf8.lexicographicallyPrecedes(b.utf8) { return .orderedAscending }
    return b.utf8.lexicographicallyPrecedes(a.utf8) ? .orderedDescending : .orderedSame
  }
}
