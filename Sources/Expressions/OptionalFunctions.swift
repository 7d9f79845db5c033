// The optional values extension of CEL.

enum OptionalFunctions {
  static func add(to set: inout CELFunctions) {
    set.add("optional.of", 1...1, .global) { arguments, _ in .optional(arguments[0]) }
    set.add("optional.none", 0...0, .global) { _, _ in .optional(nil) }
    set.add("optional.ofNonZeroValue", 1...1, .global) { arguments, _ in .optional(isZero(arguments[0]) ? nil : arguments[0]) }
    set.add("hasValue", 1...1, .receiver) { arguments, _ in
      if case .optional(let inner) = arguments[0] { .bool(inner != nil) } else { fault("hasValue", arguments) }
    }
    set.add("value", 1...1, .receiver) { arguments, _ in
      guard case .optional(let inner) = arguments[0] else { return fault("value", arguments) }
      return inner ?? .error(CELFailure("optional.none() dereference", kind: .absent))
    }
    set.add("or", 2...2, .receiver) { arguments, _ in
      guard case .optional(let inner) = arguments[0], case .optional = arguments[1] else { return fault("or", arguments) }
      return inner == nil ? arguments[1] : arguments[0]
    }
    set.add("orValue", 2...2, .receiver) { arguments, _ in
      guard case .optional(let inner) = arguments[0] else { return fault("orValue", arguments) }
      return inner ?? arguments[1]
    }
  }

  private static func fault(_ name: String, _ arguments: [CELValue]) -> CELValue { .error(.noOverload(name, arguments)) }

  private static func isZero(_ value: CELValue) -> Bool {
    switch value {
    case .null, .bool(false), .int(0), .uint(0), .double(0), .optional(nil), .duration(seconds: 0, nanos: 0): true
    case .string(let s): s.isEmpty
    case .bytes(let b): b.isEmpty
    case .list(let items): items.isEmpty
    case .map(let map): map.count == 0
    case .object(let object): object.keys.isEmpty
    case .decimal(let d): d.coefficient == 0
    default: false
    }
  }
}
