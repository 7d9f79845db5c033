// The checks of single values: type, enum, bounds, pattern, format.
import Core

extension FieldCheck {
  func scalar(_ value: Value, _ field: FieldSpec, _ pointer: String, _ problems: inout [Problem]) {
    func wrong(_ expected: String, fix: String? = nil) {
      fault("type", "\(expected) is expected, not \(Self.shown(value))", pointer, &problems, fix: fix)
    }
    switch field.type {
    case .string:
      guard case .string(let text) = value else { return wrong("text", fix: Self.quoting(value)) }
      string(text, field, pointer, &problems)
    case .integer:
      guard case .int(let number) = value else {
        return wrong("a whole number", fix: isNumeral(value) ? "Remove the quotes." : nil)
      }
      bounds(Double(number), field, "", pointer, &problems)
    case .number:
      guard let number = value.double, number.isFinite else {
        return wrong("a number", fix: isNumeral(value) ? "Remove the quotes." : nil)
      }
      bounds(number, field, "", pointer, &problems)
    case .decimal:
      guard let text = DecimalText.canonical(value) else { return wrong("a decimal number such as \"12.50\"") }
      bounds(Double(text) ?? 0, field, "", pointer, &problems)
    case .boolean:
      guard case .bool = value else { return wrong("true or false", fix: booleanFix(value)) }
    case .timestamp:
      guard case .string(let text) = value, Timestamp(text) != nil else {
        return wrong("a time such as \"2025-01-31T12:00:00Z\"")
      }
    case .date:
      guard case .string(let text) = value, FieldFormat.isDate(text) else { return wrong("a date such as \"2025-01-31\"") }
    case .duration:
      guard case .string(let text) = value, Duration(text: text) != nil else {
        return wrong("a duration such as 90s, 5m, 2h or 30d")
      }
    case .bytes:
      guard case .string(let text) = value, FieldFormat.isBase64(text) else { return wrong("bytes in base64") }
      bounds(Double(text.utf8.count / 4 * 3 - text.utf8.suffix(2).count { $0 == 61 }), field, "bytes", pointer, &problems)
    case .blob:
      guard case .string = value else { return wrong("the name of a stored blob") }
    case .list, .map, .object, .any: break
    }
  }

  private func isNumeral(_ value: Value) -> Bool { value.string.flatMap { Double($0) } != nil }

  private func booleanFix(_ value: Value) -> String? {
    switch value.string?.lowercased() {
    case "yes", "on", "y", "true": "Write true."
    case "no", "off", "n", "false": "Write false."
    default: nil
    }
  }

  private func string(_ text: String, _ field: FieldSpec, _ pointer: String, _ problems: inout [Problem]) {
    if text.utf8.contains(0) {
      return fault("pattern", "the text holds a NUL character, which cannot be stored", pointer, &problems, fix: "Remove it.")
    }
    if !field.allowed.isEmpty, !field.allowed.contains(text) {
      let near = nearestName(to: text, among: field.allowed)
      let fix = near.map { "Did you mean \"\($0)\"?" } ?? "One of \(field.allowed.prefix(20).joined(separator: ", "))."
      fault("enum", "\(Self.shown(.string(text))) is not allowed for \"\(field.name)\"", pointer, &problems, fix: fix)
    }
    if field.min != nil || field.max != nil { bounds(Double(text.unicodeScalars.count), field, "characters", pointer, &problems) }
    if let pattern = field.pattern, !TextPattern.matches(text, pattern) {
      fault("pattern", "\(Self.shown(.string(text))) does not match \(pattern)", pointer, &problems, fix: field.doc)
    }
    if let format = field.format, !FieldFormat.fits(text, format) {
      if format == "cel", let why = FieldFormat.celFault(text) {
        fault("format", "\(Self.shown(.string(text))) is no CEL expression: \(why)", pointer, &problems)
        return
      }
      let example = FieldFormat.example(format).map { "Such as \($0)." }
      fault("format", "\(Self.shown(.string(text))) is no \(format)", pointer, &problems, fix: example)
    }
  }
}
