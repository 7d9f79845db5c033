// The strings extension of CEL: charAt, indexOf, substring, replace, split, join, trim and their like.

enum StringFunctions {
  static func add(to set: inout CELFunctions) {
    addParts(to: &set)
    addLists(to: &set)
    text("lowerAscii", &set) { String(decoding: $0.utf8.map { $0 >= 65 && $0 <= 90 ? $0 + 32 : $0 }, as: UTF8.self) }
    text("upperAscii", &set) { String(decoding: $0.utf8.map { $0 >= 97 && $0 <= 122 ? $0 - 32 : $0 }, as: UTF8.self) }
    text("trim", &set, trim)
    text("reverse", &set) { text in
      var out = String.UnicodeScalarView()
      out.append(contentsOf: text.unicodeScalars.reversed())
      return String(out)
    }
    set.add("strings.quote", 1...1, .global) { arguments, _ in
      if case .string(let text) = arguments[0] { .string(quote(text)) } else { fault("strings.quote", arguments) }
    }
    set.add("format", 2...2, .receiver) { arguments, budget in
      guard case .string(let pattern) = arguments[0], case .list(let values) = arguments[1] else {
        return fault("format", arguments)
      }
      return Format.run(pattern, values, &budget)
    }
  }

  private static func fault(_ name: String, _ arguments: [CELValue]) -> CELValue { .error(.noOverload(name, arguments)) }
  private static func outOfRange(_ name: String, _ index: Int) -> CELValue {
    .error(CELFailure("\(name): index out of range: \(index)"))
  }

  private static func text(_ name: String, _ set: inout CELFunctions, _ body: @escaping @Sendable (String) -> String) {
    set.add(name, 1...1) { arguments, _ in
      if case .string(let text) = arguments[0] { .string(body(text)) } else { fault(name, arguments) }
    }
  }

  static func trim(_ text: String) -> String {
    let scalars = text.unicodeScalars
    guard let first = scalars.firstIndex(where: { !$0.properties.isWhitespace }),
      let last = scalars.lastIndex(where: { !$0.properties.isWhitespace })
    else { return "" }
    return String(scalars[first...last])
  }

  /// A literal that CEL reads back as `text`.
  private static func quote(_ text: String) -> String {
    let escapes: [Unicode.Scalar: String] = [
      "\u{7}": "\\a", "\u{8}": "\\b", "\u{c}": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\u{b}": "\\v", "\\": "\\\\",
      "\"": "\\\"",
    ]
    return "\"" + text.unicodeScalars.map { escapes[$0] ?? String($0) }.joined() + "\""
  }

  /// Functions with positions, which count code points.
  private static func addParts(to set: inout CELFunctions) {
    set.add("charAt", 2...2, .receiver) { arguments, _ in
      guard case .string(let text) = arguments[0], case .int(let at) = arguments[1] else { return fault("charAt", arguments) }
      let scalars = Array(text.unicodeScalars)
      guard at >= 0, at <= scalars.count else { return outOfRange("charAt", at) }
      return .string(at == scalars.count ? "" : String(scalars[at]))
    }
    set.add("substring", 2...3) { arguments, _ in
      guard case .string(let text) = arguments[0], case .int(let start) = arguments[1] else {
        return fault("substring", arguments)
      }
      let scalars = text.unicodeScalars
      var end = scalars.count
      if arguments.count == 3 {
        guard case .int(let given) = arguments[2] else { return fault("substring", arguments) }
        guard given >= 0, given <= end else { return outOfRange("substring", given) }
        end = given
      }
      guard start >= 0, start <= end else { return outOfRange("substring", start) }
      return .string(String(scalars.dropFirst(start).prefix(end - start)))
    }
    set.add("indexOf", 2...3) { arguments, budget in find("indexOf", arguments, &budget, last: false) }
    set.add("lastIndexOf", 2...3) { arguments, budget in find("lastIndexOf", arguments, &budget, last: true) }
  }

  private static func find(_ name: String, _ arguments: [CELValue], _ budget: inout CELBudget, last: Bool) -> CELValue {
    guard case .string(let text) = arguments[0], case .string(let part) = arguments[1] else { return fault(name, arguments) }
    let whole = Array(text.unicodeScalars)
    let piece = Array(part.unicodeScalars)
    var from = last ? whole.count : 0
    if arguments.count == 3 {
      guard case .int(let given) = arguments[2] else { return fault(name, arguments) }
      guard given >= 0, given <= whole.count else { return outOfRange(name, given) }
      from = given
    }
    guard budget.spend(arguments[0].weight * (1 + arguments[1].weight)) else { return .error(.limit) }
    guard piece.count <= whole.count else { return .int(-1) }
    let end = whole.count - piece.count
    func matches(_ at: Int) -> Bool { whole[at..<at + piece.count].elementsEqual(piece) }
    if last { return .int(stride(from: min(from, end), through: 0, by: -1).first(where: matches) ?? -1) }
    return .int(from > end ? -1 : (from...end).first(where: matches) ?? -1)
  }

  private static func addLists(to set: inout CELFunctions) {
    set.add("join", 1...2) { arguments, budget in
      guard case .list(let items) = arguments[0] else { return fault("join", arguments) }
      var separator = ""
      if arguments.count == 2 {
        guard case .string(let given) = arguments[1] else { return fault("join", arguments) }
        separator = given
      }
      var out = ""
      for (at, item) in items.enumerated() {
        guard case .string(let text) = item else { return fault("join", [.list([item])]) }
        guard budget.spend(1 + item.weight + separator.utf8.count >> 4) else { return .error(.limit) }
        if at > 0 { out += separator }
        out += text
      }
      return .string(out)
    }
    set.add("split", 2...3) { arguments, budget in
      guard case .string(let text) = arguments[0], case .string(let separator) = arguments[1] else {
        return fault("split", arguments)
      }
      var limit = -1
      if arguments.count == 3 {
        guard case .int(let given) = arguments[2] else { return fault("split", arguments) }
        limit = given
      }
      if limit == 0 { return .list([]) }
      if separator.isEmpty { budget.spend(text.utf8.count) }
      guard budget.spend(arguments[0].weight * (1 + arguments[1].weight)) else { return .error(.limit) }
      return .list(pieces(text, separator, limit).map(CELValue.string))
    }
    set.add("replace", 3...4) { arguments, budget in
      guard case .string(let text) = arguments[0], case .string(let old) = arguments[1], case .string(let new) = arguments[2]
      else {
        return fault("replace", arguments)
      }
      var limit = -1
      if arguments.count == 4 {
        guard case .int(let given) = arguments[3] else { return fault("replace", arguments) }
        limit = given
      }
      guard budget.spend(arguments[0].weight * (1 + arguments[1].weight)) else { return .error(.limit) }
      var parts = pieces(text, old, limit < 0 || limit == .max ? -1 : limit + 1)
      // An empty text stands before every character and at the end.
      if old.isEmpty, limit != 0 {
        parts.insert("", at: 0)
        if limit < 0 || limit >= parts.count { parts.append("") }
      }
      guard budget.spend(parts.count * (1 + new.utf8.count >> 4)) else { return .error(.limit) }
      return .string(parts.joined(separator: new))
    }
  }

  /// The parts of `text` between separators, at most `limit` of them unless negative; an empty separator parts code points.
  private static func pieces(_ text: String, _ separator: String, _ limit: Int) -> [String] {
    if separator.isEmpty {
      let scalars = Array(text.unicodeScalars)
      let single = limit < 0 ? scalars.count : min(limit - 1, scalars.count)
      var parts = scalars.prefix(single).map { String($0) }
      if single < scalars.count {
        var rest = String.UnicodeScalarView()
        rest.append(contentsOf: scalars[single...])
        parts.append(String(rest))
      }
      return parts
    }
    let bytes = Array(text.utf8)
    let width = separator.utf8.count
    var parts: [String] = []
    var start = 0
    while limit < 0 || parts.count < limit - 1, let at = text.utf8.firstOffset(of: separator.utf8, from: start) {
      parts.append(String(decoding: bytes[start..<at], as: UTF8.self))
      start = at + width
    }
    parts.append(String(decoding: bytes[start...], as: UTF8.self))
    return parts
  }
}
