// The functions of the CEL standard, besides conversions and times.

extension CELFunctions {
  /// What the language definition lists.
  public static let standard: CELFunctions = {
    var set = CELFunctions()
    StandardFunctions.add(to: &set)
    Conversions.add(to: &set)
    TimeFunctions.add(to: &set)
    return set
  }()
}

extension CELFunctions {
  /// The standard with the extensions strings, math, encoders, sets, lists, network and optionals.
  public static let extended: CELFunctions = {
    var set = CELFunctions.standard
    StringFunctions.add(to: &set)
    MathFunctions.add(to: &set)
    CollectionFunctions.add(to: &set)
    NetworkFunctions.add(to: &set)
    OptionalFunctions.add(to: &set)
    return set
  }()
}

enum StandardFunctions {
  static func add(to set: inout CELFunctions) {
    set.add("size", 1...1) { arguments, _ in size(arguments[0]) }
    set.add("type", 1...1, .global) { arguments, _ in .type(arguments[0].typeName) }
    set.add("dyn", 1...1, .global) { arguments, _ in arguments[0] }
    set.add("contains", 2...2, .receiver) { arguments, budget in
      guard case .string(let text) = arguments[0], case .string(let part) = arguments[1] else {
        return fault("contains", arguments)
      }
      budget.spend(arguments[0].weight * arguments[1].weight)
      return .bool(text.utf8.firstOffset(of: part.utf8) != nil)
    }
    set.add("startsWith", 2...2, .receiver) { arguments, _ in
      guard case .string(let text) = arguments[0], case .string(let part) = arguments[1] else {
        return fault("startsWith", arguments)
      }
      return .bool(text.utf8.starts(with: part.utf8))
    }
    set.add("endsWith", 2...2, .receiver) { arguments, _ in
      guard case .string(let text) = arguments[0], case .string(let part) = arguments[1] else {
        return fault("endsWith", arguments)
      }
      return .bool(text.utf8.count >= part.utf8.count && text.utf8.suffix(part.utf8.count).elementsEqual(part.utf8))
    }
    set.add("matches", 2...2) { arguments, budget in
      guard case .string(let pattern) = arguments[1] else { return fault("matches", arguments) }
      do throws(Pattern.Fault) {
        let compiled = try Pattern(pattern)
        budget.spend(compiled.size)
        return matches(arguments[0], compiled, &budget)
      } catch {
        return .error(CELFailure("invalid pattern: \(error.message)"))
      }
    }
  }

  static func fault(_ name: String, _ arguments: [CELValue]) -> CELValue { .error(.noOverload(name, arguments)) }

  static func size(_ value: CELValue) -> CELValue {
    switch value {
    case .string(let s): .int(s.unicodeScalars.count)
    case .bytes(let b): .int(b.count)
    case .list(let items): .int(items.count)
    case .map(let map): .int(map.count)
    case .object(let object): .int(object.keys.count)
    default: fault("size", [value])
    }
  }

  static func matches(_ subject: CELValue, _ pattern: Pattern, _ budget: inout CELBudget) -> CELValue {
    if case .error = subject { return subject }
    guard case .string(let text) = subject else { return fault("matches", [subject, .string("")]) }
    // A step of the machine is a sixteenth of a unit.
    guard budget.spend(((text.utf8.count + 1) * pattern.size) >> 4) else { return .error(.limit) }
    return .bool(pattern.matches(text))
  }
}

extension String.UTF8View {
  /// The byte offset of the first occurrence of `part` from byte `start` on.
  func firstOffset(of part: String.UTF8View, from start: Int = 0) -> Int? {
    let found = withContiguousStorageIfAvailable { whole in
      part.withContiguousStorageIfAvailable { piece in Self.search(whole, piece, start) }
    }
    if let found = found ?? nil { return found.offset }
    return Array(self).withUnsafeBufferPointer { whole in
      Array(part).withUnsafeBufferPointer { piece in Self.search(whole, piece, start).offset }
    }
  }

  private static func search(_ whole: UnsafeBufferPointer<UInt8>, _ piece: UnsafeBufferPointer<UInt8>, _ start: Int) -> (
    offset: Int?, ()
  ) {
    if piece.isEmpty { return (start <= whole.count ? start : nil, ()) }
    var at = start
    while at + piece.count <= whole.count {
      if whole[at] == piece[0] {
        var matched = 1
        while matched < piece.count, whole[at + matched] == piece[matched] { matched += 1 }
        if matched == piece.count { return (at, ()) }
      }
      at += 1
    }
    return (nil, ())
  }
}
