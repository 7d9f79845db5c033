// Selection, presence and indexing of members.

enum Access {
  /// `operand.field`. Lenient: a missing member, also of null, is null. On an optional the result is an optional.
  static func select(_ operand: CELValue, _ field: String, lenient: Bool) -> CELValue {
    switch operand {
    case .map(let map):
      if let value = map.member(field) { return value }
      return lenient ? .null : .error(.noKey(field))
    case .object(let object):
      if let value = object.member(field) { return value }
      return lenient ? .null : .error(.noKey(field))
    case .error: return operand
    case .null where lenient: return .null
    case .optional: return selectOptionally(operand, field)
    default: return .error(CELFailure("no such field '\(field)' in a value of type \(operand.typeName)"))
    }
  }

  /// `operand.?field`.
  static func selectOptionally(_ operand: CELValue, _ field: String) -> CELValue {
    switch operand {
    case .map(let map): .optional(map.member(field))
    case .object(let object): .optional(object.member(field))
    case .optional(let inner?): selectOptionally(inner, field)
    case .error, .optional(nil): operand
    default: .error(CELFailure("no such field '\(field)' in a value of type \(operand.typeName)"))
    }
  }

  /// `has(operand.field)`. Lenient: a null member counts as absent, and null has no members.
  static func has(_ operand: CELValue, _ field: String, lenient: Bool) -> CELValue {
    func told(_ value: CELValue?) -> CELValue {
      guard let value else { return .bool(false) }
      return .bool(!(lenient && value.isNull))
    }
    switch operand {
    case .map(let map): return told(map.member(field))
    case .object(let object): return told(object.member(field))
    case .optional(let inner?): return has(inner, field, lenient: lenient)
    case .optional(nil): return .bool(false)
    case .null where lenient: return .bool(false)
    case .error: return operand
    default: return .error(CELFailure("no such field '\(field)' in a value of type \(operand.typeName)"))
    }
  }

  /// `operand[key]`.
  static func index(_ operand: CELValue, _ key: CELValue, lenient: Bool) -> CELValue {
    if case .error = operand { return operand }
    if case .error = key { return key }
    switch operand {
    case .list(let items):
      guard let at = position(key) else {
        return .error(CELFailure("invalid_argument: a list has no index of type \(key.typeName)"))
      }
      guard items.indices.contains(at) else {
        return .error(CELFailure("invalid_argument: index out of bounds: \(at)", kind: .absent))
      }
      return items[at]
    case .map(let map):
      if let value = map[key] { return value }
      return lenient ? .null : .error(.noKey(key.shown))
    case .object(let object):
      if case .string(let name) = key, let value = object.member(name) { return value }
      return lenient ? .null : .error(.noKey(key.shown))
    case .null where lenient: return .null
    case .optional: return indexOptionally(operand, key)
    default: return .error(.noOverload(CELOperator.index, [operand, key]))
    }
  }

  /// `operand[?key]`.
  static func indexOptionally(_ operand: CELValue, _ key: CELValue) -> CELValue {
    if case .error = operand { return operand }
    if case .error = key { return key }
    switch operand {
    case .list(let items):
      guard let at = position(key) else {
        return .error(CELFailure("invalid_argument: a list has no index of type \(key.typeName)"))
      }
      return .optional(items.indices.contains(at) ? items[at] : nil)
    case .map(let map): return .optional(map[key])
    case .object(let object):
      if case .string(let name) = key { return .optional(object.member(name)) }
      return .optional(nil)
    case .optional(let inner?): return indexOptionally(inner, key)
    case .optional(nil): return operand
    default: return .error(.noOverload(CELOperator.optionalIndex, [operand, key]))
    }
  }

  /// The list index that a whole number of any type means.
  private static func position(_ key: CELValue) -> Int? {
    switch key {
    case .int(let i): i
    case .uint(let u): Int(exactly: u)
    case .double(let d): Int(exactly: d)
    default: nil
    }
  }
}
