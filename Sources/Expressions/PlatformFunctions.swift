// Functions that the platform adds to CEL: over lists, maps, numbers and texts. docs/EXPRESSIONS.md shows each.
import Core

extension CELFunctions {
  /// The standard, its extensions, and the platform's own functions.
  public static let platform: CELFunctions = {
    var set = CELFunctions.extended
    PlatformFunctions.addLists(to: &set)
    PlatformFunctions.addMaps(to: &set)
    PlatformFunctions.addNumbers(to: &set)
    PlatformFunctions.addTexts(to: &set)
    PlatformFunctions.addFormats(to: &set)
    return set
  }()
}

enum PlatformFunctions {
  /// The most arguments of `coalesce`, `min` and `max`.
  private static let argumentLimit = 32

  private static func fault(_ name: String, _ arguments: [CELValue]) -> CELValue { .error(.noOverload(name, arguments)) }

  static func addLists(to set: inout CELFunctions) {
    set.add("sum", 1...2) { arguments, budget in
      guard let items = members("sum", arguments, &budget) else { return fault("sum", arguments) }
      return items.reduce(.int(0), added)
    }
    set.add("first", 1...1) { arguments, _ in
      if case .list(let items) = arguments[0] { items.first ?? .null } else { fault("first", arguments) }
    }
    set.add("last", 1...1) { arguments, _ in
      if case .list(let items) = arguments[0] { items.last ?? .null } else { fault("last", arguments) }
    }
    set.add("sort", 1...2) { arguments, budget in
      guard case .list(let items) = arguments[0], let keys = members("sort", arguments, &budget) else {
        return fault("sort", arguments)
      }
      guard budget.spend(items.count * (Int.bitWidth - items.count.leadingZeroBitCount)) else { return .error(.limit) }
      for (a, b) in zip(keys, keys.dropFirst()) where a.order(b) == nil { return fault("sort", [a, b]) }
      let sorted = keys.indices.sorted { a, b in
        let order = keys[a].order(keys[b]) ?? 0
        return order == 0 ? a < b : order < 0
      }
      return .list(sorted.map { items[$0] })
    }
    set.add("flatten", 1...1) { arguments, budget in
      guard case .list(let items) = arguments[0] else { return fault("flatten", arguments) }
      var flat: [CELValue] = []
      for item in items {
        let inner = if case .list(let members) = item { members } else { [item] }
        guard budget.spend(inner.count + 1) else { return .error(.limit) }
        flat += inner
      }
      return .list(flat)
    }
    set.add("distinct", 1...2) { arguments, budget in
      guard case .list(let items) = arguments[0], let keys = members("distinct", arguments, &budget) else {
        return fault("distinct", arguments)
      }
      var hashed: Set<CELKey> = []
      var others: [CELValue] = []
      var kept: [CELValue] = []
      for (item, member) in zip(items, keys) {
        guard budget.spend(1) else { return .error(.limit) }
        if let key = CELKey(member) {
          if hashed.insert(key).inserted { kept.append(item) }
          continue
        }
        guard budget.spend(others.count) else { return .error(.limit) }
        if others.contains(where: { $0.equals(member, &budget) }) { continue }
        others.append(member)
        kept.append(item)
      }
      return .list(kept)
    }
    set.add("coalesce", 1...argumentLimit, .global, takesFailures: true) { arguments, _ in
      for argument in arguments {
        switch argument {
        case .null, .optional(nil): continue
        case .error(let failure) where failure.kind == .absent: continue
        case .optional(let inner?): return inner
        default: return argument
        }
      }
      return .null
    }
  }

  /// The elements of the list that is the first argument, or the member of each that the second names. Nil: no such arguments.
  private static func members(_ name: String, _ arguments: [CELValue], _ budget: inout CELBudget) -> [CELValue]? {
    guard case .list(let items) = arguments[0] else { return nil }
    budget.spend(items.count)
    guard arguments.count == 2 else { return items }
    guard case .string(let field) = arguments[1] else { return nil }
    return items.map { Access.select($0, field, lenient: true) }
  }

  /// A sum in which null counts as nothing, texts are decimals, and ints next to doubles are doubles.
  private static func added(_ sum: CELValue, _ item: CELValue) -> CELValue {
    switch (sum, item) {
    case (.error, _), (_, .null): return sum
    case (_, .string(let text)):
      guard let decimal = CELDecimal(text) else { return .error(CELFailure("sum: '\(text.prefix(64))' is no decimal number")) }
      return added(sum, .decimal(decimal))
    case (.int(let a), .double(let b)): return .double(Double(a) + b)
    case (.double(let a), .int(let b)): return .double(a + Double(b))
    case (.int(0), .uint), (.int(0), .duration): return item
    default:
      var budget = CELBudget(1)
      guard item.isNumber || item.typeName == "google.protobuf.Duration" else { return fault("sum", [sum, item]) }
      return Arithmetic.add(sum, item, &budget)
    }
  }

  static func addMaps(to set: inout CELFunctions) {
    set.add("merge", 2...2) { arguments, budget in
      guard let a = map(arguments[0]), let b = map(arguments[1]) else { return fault("merge", arguments) }
      guard budget.spend(a.count + b.count) else { return .error(.limit) }
      var keys = a.keys
      var values = keys.indices.map { b[keys[$0]] ?? a.value(at: $0) }
      for (at, key) in b.keys.enumerated() where a[key] == nil {
        keys.append(key)
        values.append(b.value(at: at))
      }
      return CELMap.value(keys: keys, values: values)
    }
    set.add("keys", 1...1) { arguments, _ in map(arguments[0]).map { .list($0.keys) } ?? fault("keys", arguments) }
    set.add("values", 1...1) { arguments, _ in
      map(arguments[0]).map { map in .list((0..<map.count).map { map.value(at: $0) }) } ?? fault("values", arguments)
    }
  }

  private static func map(_ value: CELValue) -> CELMap? {
    switch value {
    case .map(let map): map
    case .object(let object): CELMap(object)
    default: nil
    }
  }

  static func addNumbers(to set: inout CELFunctions) {
    let extremes: [(String, @Sendable (Int) -> Bool)] = [("min", { $0 < 0 }), ("max", { $0 > 0 })]
    for (name, accepts) in extremes {
      set.add(name, 1...argumentLimit) { arguments, budget in
        var items = arguments
        if arguments.count == 1, case .list(let list) = arguments[0] { items = list }
        guard budget.spend(items.count) else { return .error(.limit) }
        items.removeAll { $0.isNull }
        guard var best = items.first else { return .null }
        for item in items.dropFirst() {
          guard let order = item.order(best) else { return fault(name, [best, item]) }
          if accepts(order) { best = item }
        }
        return best
      }
    }
    let roundings: [(String, FloatingPointRoundingRule)] = [("ceil", .up), ("floor", .down)]
    for (name, rule) in roundings {
      set.add(name, 1...1) { arguments, _ in whole(arguments[0], rule) ?? fault(name, arguments) }
    }
    set.add("round", 1...2) { arguments, _ in
      guard arguments.count == 2 else { return whole(arguments[0], .toNearestOrAwayFromZero) ?? fault("round", arguments) }
      guard case .int(let places) = arguments[1], (0...CELDecimal.scaleLimit).contains(places) else {
        return fault("round", arguments)
      }
      return rounded(arguments[0], places) ?? fault("round", arguments)
    }
    set.add("abs", 1...1) { arguments, _ in MathFunctions.absolute(arguments[0]) ?? fault("abs", arguments) }
    set.add("decimal", 1...1) { arguments, _ in
      switch arguments[0] {
      case .decimal: return arguments[0]
      case .int(let i): return .decimal(CELDecimal(i))
      case .double(let d):
        return CELDecimal(Conversions.text(d)).map(CELValue.decimal)
          ?? .error(CELFailure("range error: the number is no decimal"))
      case .string(let text):
        return CELDecimal(text).map(CELValue.decimal)
          ?? .error(CELFailure("Type conversion error: '\(text.prefix(64))' is no decimal"))
      default: return fault("decimal", arguments)
      }
    }
  }

  /// The whole number next to `value`: an int for a double.
  private static func whole(_ value: CELValue, _ rule: FloatingPointRoundingRule) -> CELValue? {
    switch value {
    case .int, .uint: return value
    case .double(let d): return Int(exactly: d.rounded(rule)).map(CELValue.int) ?? Arithmetic.overflow
    case .decimal(let d):
      let cut = d.wholePart
      let over = d.coefficient - cut * pow10(d.scale)
      let step: Int128
      switch rule {
      case .up: step = over > 0 ? 1 : 0
      case .down: step = over < 0 ? -1 : 0
      default: step = over.magnitude * 2 >= pow10(d.scale).magnitude ? over.signum() : 0
      }
      return CELDecimal(coefficient: cut + step, scale: 0).map(CELValue.decimal)
    default: return nil
    }
  }

  private static func pow10(_ exponent: Int) -> Int128 { (0..<exponent).reduce(1) { power, _ in power * 10 } }

  private static func rounded(_ value: CELValue, _ places: Int) -> CELValue? {
    switch value {
    case .int, .uint: return value
    case .double(let d):
      let unit = Double(pow10(places))
      return .double((d * unit).rounded() / unit)
    case .decimal(let d): return d.rounded(to: places).map(CELValue.decimal)
    default: return nil
    }
  }

  static func addTexts(to set: inout CELFunctions) {
    set.add("slug", 1...1) { arguments, _ in
      if case .string(let text) = arguments[0] { .string(slug(text)) } else { fault("slug", arguments) }
    }
    set.add("last8", 1...1) { arguments, _ in
      if case .string(let text) = arguments[0] { .string(String(text.suffix(8))) } else { fault("last8", arguments) }
    }
    set.add("toJson", 1...1) { arguments, budget in
      arguments[0].spendWhole(&budget)
      return budget.isSpent ? .error(.limit) : .string(JSON.text(arguments[0].value))
    }
  }

  /// Text for other text formats: rows of CSV (RFC 4180), and text that stands in HTML.
  static func addFormats(to set: inout CELFunctions) {
    set.add("csv", 1...1) { arguments, budget in
      guard case .list(let items) = arguments[0] else { return fault("csv", arguments) }
      arguments[0].spendWhole(&budget)
      if budget.isSpent { return .error(.limit) }
      return .string(items.map { cell($0.value) }.joined(separator: ",") + "\r\n")
    }
    set.add("html", 1...1) { arguments, budget in
      guard case .string(let text) = arguments[0] else { return fault("html", arguments) }
      guard budget.spend(text.utf8.count / 8 + 1) else { return .error(.limit) }
      var out = ""
      for character in text {
        switch character {
        case "&": out += "&amp;"
        case "<": out += "&lt;"
        case ">": out += "&gt;"
        case "\"": out += "&quot;"
        case "'": out += "&#39;"
        default: out.append(character)
        }
      }
      return .string(out)
    }
  }

  private static func cell(_ value: Value) -> String {
    if value.isNull { return "" }
    let text = value.string ?? JSON.text(value)
    guard text.utf8.contains(where: { $0 == 34 || $0 == 44 || $0 == 10 || $0 == 13 }) else { return text }
    return "\"" + text.replacing("\"", with: "\"\"") + "\""
  }

  /// Lower-case letters and digits, with one `-` in place of each run of anything else between them.
  static func slug(_ text: String) -> String {
    var out = ""
    var gap = false
    for scalar in text.lowercased().unicodeScalars {
      guard scalar.properties.isAlphabetic || scalar.properties.numericType != nil else {
        gap = true
        continue
      }
      if gap, !out.isEmpty { out += "-" }
      gap = false
      out.unicodeScalars.append(scalar)
    }
    return out
  }
}
