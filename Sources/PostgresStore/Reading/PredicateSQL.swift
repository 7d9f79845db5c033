// Predicates to SQL. Values are always parameters; identifiers come from the catalog. Two-valued: a null makes a comparison false.
import Core
import Kinds
import Ports

/// A statement under construction, with its parameters.
struct StatementBuilder {
  private(set) var parameters: [Parameter] = []

  /// `$n::type` for a value.
  mutating func bind(_ parameter: Parameter, _ type: String) -> String {
    parameters.append(parameter)
    return "$\(parameters.count)::\(type)"
  }
}

/// Where a field's value stands in a statement, and how it compares.
enum FieldColumn {
  case uid(String)
  case text(String)
  case number(String)
  case time(String)
  /// A slot that holds the first characters of a text, and the text itself.
  case slot(String, whole: String)
  /// A boolean in a text slot.
  case flag(String, whole: String)
  /// jsonb, compared as the type says; nil: as what it is compared with.
  case json(String, FieldSpec.FieldType?)
}

/// Translates for one kind's table.
protocol FieldLocating {
  func column(_ path: FieldPath, _ builder: inout StatementBuilder) -> FieldColumn
}

struct PredicateSQL<Locator: FieldLocating> {
  let locator: Locator

  func sql(_ predicate: Predicate, _ b: inout StatementBuilder) -> String {
    switch predicate {
    case .always: "true"
    case .never: "false"
    case .all(let parts): parts.isEmpty ? "true" : "(" + parts.map { sql($0, &b) }.joined(separator: " AND ") + ")"
    case .any(let parts): parts.isEmpty ? "false" : "(" + parts.map { sql($0, &b) }.joined(separator: " OR ") + ")"
    case .not(let part): "((\(sql(part, &b))) IS NOT TRUE)"
    case .compare(let path, .equal, let value): atom(path, &b) { equal($0, value, &$1) }
    case .compare(let path, .notEqual, let value): "((\(atom(path, &b) { equal($0, value, &$1) })) IS NOT TRUE)"
    case .compare(let path, let comparison, let value): atom(path, &b) { order($0, comparison.rawValue, value, &$1) }
    case .among(let path, let values): atom(path, &b) { among($0, values, &$1) }
    case .isNull(let path): atom(path, &b) { column, _ in isNull(column) }
    case .holds(let path, let value): atom(path, &b) { holds($0, value, &$1) }
    case .containsText(let path, let text):
      atom(path, &b) { column, b in
        text.isEmpty
          ? "(\(Self.text(column)) IS NOT NULL)"
          : "(strpos(lower(\(Self.text(column))), lower(\(b.bind(.text(text), "text")))) > 0)"
      }
    case .startsWith(let path, let text): atom(path, &b) { startsWith($0, text, &$1) }
    }
  }

  /// A comparison that cannot be true uses no parameters: PostgreSQL refuses those that a statement does not mention.
  private func atom(_ path: FieldPath, _ b: inout StatementBuilder, _ body: (FieldColumn, inout StatementBuilder) -> String)
    -> String
  {
    let before = b
    let sql = body(locator.column(path, &b), &b)
    if sql == "false" { b = before }
    return sql
  }

  private func equal(_ column: FieldColumn, _ value: Value, _ b: inout StatementBuilder) -> String {
    if value.isNull { return "false" }
    switch column {
    case .uid(let sql): return value.string.flatMap { UID($0) }.map { "\(sql) = \(b.bind(.uid($0), "uuid"))" } ?? "false"
    case .text(let sql): return value.string.map { "\(sql) = \(b.bind(.text($0), "text"))" } ?? "false"
    case .number, .time: return order(column, "=", value, &b)
    case .slot(let sql, let whole):
      guard let text = value.string else { return "false" }
      let cut = SlotText.cut(text)
      let fast = "\(sql) = \(b.bind(.text(cut), "text"))"
      return cut.utf8.count == text.utf8.count && text.unicodeScalars.count < KindDictionary.slotCharacters
        ? fast : "(\(fast) AND \(whole) #>> '{}' = \(b.bind(.text(text), "text")))"
    case .flag(let sql, _): return value.bool.map { "\(sql) = \(b.bind(.text($0 ? "true" : "false"), "text"))" } ?? "false"
    case .json(_, .decimal), .json(_, .timestamp): return order(column, "=", value, &b)
    case .json(let sql, _): return "\(sql) = \(b.bind(.json(value), "jsonb"))"
    }
  }

  /// `column op value` by the order of the value's type; false when the types differ.
  private func order(_ column: FieldColumn, _ op: String, _ value: Value, _ b: inout StatementBuilder) -> String {
    switch column {
    case .uid(let sql): return value.string.flatMap { UID($0) }.map { "\(sql) \(op) \(b.bind(.uid($0), "uuid"))" } ?? "false"
    case .text(let sql): return value.string.map { "\(sql) \(op) \(b.bind(.text($0), "text")) COLLATE \"C\"" } ?? "false"
    case .number(let sql): return value.double == nil ? "false" : Self.number(value, &b).map { "\(sql) \(op) \($0)" } ?? "false"
    case .time(let sql): return Self.time(value).map { "\(sql) \(op) \(b.bind(.time($0), "timestamptz"))" } ?? "false"
    case .slot(_, let whole): return order(.json(whole, .string), op, value, &b)
    case .flag(_, let whole): return order(.json(whole, .boolean), op, value, &b)
    case .json(let sql, let type):
      switch (type, value) {
      case (.timestamp, .string):
        return Self.time(value).map { "as_time(\(sql)) \(op) \(b.bind(.time($0), "timestamptz"))" } ?? "false"
      case (.decimal, _), (_, .int), (_, .double):
        guard let number = Self.number(value, &b) else { return "false" }
        let typed = type == .decimal ? "" : "jsonb_typeof(\(sql)) = 'number' AND "
        return "(\(typed)as_number(\(sql)) \(op) \(number))"
      case (_, .string(let text)):
        return
          "(jsonb_typeof(\(sql)) = 'string' AND (\(sql) #>> '{}') COLLATE \"C\" \(op) \(b.bind(.text(text), "text")) COLLATE \"C\")"
      case (_, .bool(let flag)):
        return "(jsonb_typeof(\(sql)) = 'boolean' AND (\(sql))::text::boolean \(op) \(b.bind(.bool(flag), "boolean")))"
      default: return "false"
      }
    }
  }

  private func among(_ column: FieldColumn, _ values: [Value], _ b: inout StatementBuilder) -> String {
    let values = values.filter { !$0.isNull }
    if values.isEmpty { return "false" }
    switch column {
    case .uid(let sql): return "\(sql) = ANY(\(b.bind(.uids(values.compactMap { $0.string.flatMap { UID($0) } }), "uuid[]")))"
    case .text(let sql): return "\(sql) = ANY(\(b.bind(.texts(values.compactMap(\.string)), "text[]")))"
    case .slot(let sql, _) where values.allSatisfy({ ($0.string?.unicodeScalars.count ?? 0) < KindDictionary.slotCharacters }):
      return "\(sql) = ANY(\(b.bind(.texts(values.compactMap(\.string)), "text[]")))"
    case .slot(_, let whole): return among(.json(whole, .string), values, &b)
    case .flag(let sql, _):
      return "\(sql) = ANY(\(b.bind(.texts(values.compactMap { $0.bool.map { $0 ? "true" : "false" } }), "text[]")))"
    case .json(_, .decimal), .json(_, .timestamp), .number, .time:
      return "(" + values.map { equal(column, $0, &b) }.joined(separator: " OR ") + ")"
    case .json(let sql, _): return "\(sql) = ANY(\(b.bind(.jsons(values), "jsonb[]")))"
    }
  }

  private func isNull(_ column: FieldColumn) -> String {
    switch column {
    case .uid(let sql), .text(let sql), .number(let sql), .time(let sql): "\(sql) IS NULL"
    case .slot(_, let whole), .flag(_, let whole): "\(whole) #>> '{}' IS NULL"
    case .json(let sql, _): "(\(sql)) #>> '{}' IS NULL"
    }
  }

  private func holds(_ column: FieldColumn, _ value: Value, _ b: inout StatementBuilder) -> String {
    guard case .json(let sql, _) = column else { return "false" }
    switch value {
    case .list, .object:
      return """
        (jsonb_typeof(\(sql)) = 'array' AND EXISTS (SELECT 1 FROM jsonb_array_elements(CASE jsonb_typeof(\(sql)) WHEN 'array' \
        THEN \(sql) END) e WHERE e = \(b.bind(.json(value), "jsonb"))))
        """
    default: return "(jsonb_typeof(\(sql)) = 'array' AND \(sql) @> \(b.bind(.json(.list([value])), "jsonb")))"
    }
  }

  private func startsWith(_ column: FieldColumn, _ text: String, _ b: inout StatementBuilder) -> String {
    if case .slot(let sql, _) = column, text.unicodeScalars.count <= KindDictionary.slotCharacters {
      return "starts_with(\(sql), \(b.bind(.text(text), "text")))"
    }
    return "starts_with(\(Self.text(column)), \(b.bind(.text(text), "text")))"
  }

  /// The text of a text; null for what is no text.
  static func text(_ column: FieldColumn) -> String {
    switch column {
    case .text(let sql): sql
    case .uid(let sql): "\(sql)::text"
    case .slot(_, let whole): "(\(whole) #>> '{}')"
    case .json(let sql, _): "CASE WHEN jsonb_typeof(\(sql)) = 'string' THEN \(sql) #>> '{}' END"
    case .number, .time, .flag: "NULL::text"
    }
  }

  static func number(_ value: Value, _ b: inout StatementBuilder) -> String? {
    switch value {
    case .int(let number): return b.bind(.int(number), "bigint")
    case .double(let number): return number.isFinite ? b.bind(.text("\(number)"), "numeric") : nil
    // Decimals are texts; an exponent would let a short text stand for a huge number.
    case .string(let text)
    where text.utf8.count <= 200 && Double(text)?.isFinite == true && !text.contains { "eExXpPnN".contains($0) }:
      return b.bind(.text(text), "numeric")
    default: return nil
    }
  }

  static func time(_ value: Value) -> Timestamp? { value.string.flatMap { Timestamp($0) } }
}

enum SlotText {
  static func cut(_ text: String) -> String {
    if text.utf8.count <= KindDictionary.slotCharacters { return text }
    return String(String.UnicodeScalarView(text.unicodeScalars.prefix(KindDictionary.slotCharacters)))
  }
}
