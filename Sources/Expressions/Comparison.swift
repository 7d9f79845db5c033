// Equality and order of values.

extension CELValue: Equatable {
  /// CEL's equality, without a limit on its cost.
  public static func == (a: CELValue, b: CELValue) -> Bool {
    var budget = CELBudget(.max)
    return a.equals(b, &budget)
  }

  /// CEL's equality: of different types only numbers can be equal. False when the budget is spent on the way.
  func equals(_ other: CELValue, _ budget: inout CELBudget) -> Bool {
    switch (self, other) {
    case (.int(let a), .int(let b)): return a == b
    case (.string(let a), .string(let b)):
      budget.spend(min(weight, other.weight))
      // Canonically equal texts of one length would have to reorder marks only: not told apart.
      return a.utf8.count == b.utf8.count && a == b
    case (.bool(let a), .bool(let b)): return a == b
    case (.null, .null): return true
    case (.uint(let a), .uint(let b)): return a == b
    case (.double(let a), .double(let b)): return a == b
    case (.int, .uint), (.int, .double), (.uint, .int), (.uint, .double), (.double, .int), (.double, .uint):
      return order(other) == .some(0)
    case (.decimal(let a), .decimal(let b)): return a == b
    case (.decimal, .int), (.decimal, .uint), (.decimal, .double), (.int, .decimal), (.uint, .decimal), (.double, .decimal):
      return order(other) == .some(0)
    case (.bytes(let a), .bytes(let b)):
      budget.spend(min(weight, other.weight))
      return a == b
    case (.timestamp(let s, let n), .timestamp(let t, let m)), (.duration(let s, let n), .duration(let t, let m)):
      return s == t && n == m
    case (.type(let a), .type(let b)): return a == b
    case (.list(let a), .list(let b)):
      guard a.count == b.count else { return false }
      for at in a.indices {
        guard budget.spend(1), a[at].equals(b[at], &budget) else { return false }
      }
      return true
    case (.map(let a), .map(let b)): return a.equals(b, &budget)
    case (.object(let a), .map(let b)), (.map(let b), .object(let a)): return CELMap(a).equals(b, &budget)
    case (.object(let a), .object(let b)):
      if budget.objectDepth > 0, let one = a.identity, let other = b.identity { return one == other }
      guard budget.enterObject() else { return false }
      defer { budget.leaveObject() }
      return CELMap(a).equals(CELMap(b), &budget)
    case (.object(let object), .string(let identity)), (.string(let identity), .object(let object)):
      return object.identity == identity
    case (.optional(nil), .optional(nil)): return true
    case (.optional(let a?), .optional(let b?)): return a.equals(b, &budget)
    default: return false
    }
  }

  /// Below zero, zero or above zero, as this is less, equal or greater; nil when the two have no order (NaN too).
  func order(_ other: CELValue) -> Int? {
    func sign<T: Comparable>(_ a: T, _ b: T) -> Int { a < b ? -1 : a == b ? 0 : 1 }
    switch (self, other) {
    case (.int(let a), .int(let b)): return sign(a, b)
    case (.uint(let a), .uint(let b)): return sign(a, b)
    case (.double(let a), .double(let b)): return Self.order(a, b)
    case (.int(let a), .uint(let b)): return a < 0 ? -1 : sign(UInt64(a), b)
    case (.uint(let a), .int(let b)): return b < 0 ? 1 : sign(a, UInt64(b))
    case (.int(let a), .double(let b)): return Self.order(Double(a), b)
    case (.double(let a), .int(let b)): return Self.order(a, Double(b))
    case (.uint(let a), .double(let b)): return Self.order(Double(a), b)
    case (.double(let a), .uint(let b)): return Self.order(a, Double(b))
    case (.decimal(let a), .decimal(let b)): return sign(a, b)
    case (.decimal(let a), .int(let b)): return sign(a, CELDecimal(b))
    case (.int(let a), .decimal(let b)): return sign(CELDecimal(a), b)
    case (.decimal(let a), .double(let b)): return Self.order(a.double, b)
    case (.double(let a), .decimal(let b)): return Self.order(a, b.double)
    case (.decimal(let a), .uint(let b)): return Self.order(a.double, Double(b))
    case (.uint(let a), .decimal(let b)): return Self.order(Double(a), b.double)
    case (.string(let a), .string(let b)): return Self.order(a.utf8, b.utf8)
    case (.bytes(let a), .bytes(let b)): return Self.order(a, b)
    case (.bool(let a), .bool(let b)): return sign(a ? 1 : 0, b ? 1 : 0)
    case (.timestamp(let s, let n), .timestamp(let t, let m)), (.duration(let s, let n), .duration(let t, let m)):
      return s == t ? sign(n, m) : sign(s, t)
    default: return nil
    }
  }

  /// The language compares an integer with a double as doubles: beyond 2^53 neighbours can be equal.
  private static func order(_ a: Double, _ b: Double) -> Int? { b.isNaN || a.isNaN ? nil : a < b ? -1 : a == b ? 0 : 1 }

  private static func order(_ a: some Collection<UInt8>, _ b: some Collection<UInt8>) -> Int {
    a.lexicographicallyPrecedes(b) ? -1 : a.count == b.count && a.elementsEqual(b) ? 0 : 1
  }

  var isNumber: Bool {
    switch self {
    case .int, .uint, .double, .decimal: true
    default: false
    }
  }

  /// `<`, `<=`, `>`, `>=`: `accepts` says which orders are true. NaN has none, so that every comparison with it is false.
  func compared(_ name: String, _ other: CELValue, _ budget: inout CELBudget, _ accepts: (Int) -> Bool) -> CELValue {
    if case .error = self { return self }
    if case .error = other { return other }
    budget.spend(min(weight, other.weight))
    if let order = order(other) { return .bool(accepts(order)) }
    if isNumber, other.isNumber { return .bool(false) }
    return .error(.noOverload(name, [self, other]))
  }

  /// `value in container`.
  func isIn(_ container: CELValue, _ budget: inout CELBudget) -> CELValue {
    if case .error = self { return self }
    switch container {
    case .list(let items):
      for item in items {
        guard budget.spend(1) else { return .error(.limit) }
        if equals(item, &budget) { return .bool(true) }
      }
      return .bool(false)
    case .map(let map): return .bool(map[self] != nil)
    case .object(let object):
      if case .string(let name) = self { return .bool(object.member(name) != nil) }
      return .bool(false)
    case .error: return container
    default: return .error(.noOverload("in", [self, container]))
    }
  }
}

extension CELMap {
  /// The members of an object, taken now.
  convenience init(_ object: any CELObject) {
    self.init(members: object.keys.map { ($0, object.member($0) ?? .null) })
  }

  func equals(_ other: CELMap, _ budget: inout CELBudget) -> Bool {
    if self === other, isWrapped { return true }
    guard count == other.count else { return false }
    for (at, key) in keys.enumerated() {
      guard budget.spend(1), let theirs = other[key], value(at: at).equals(theirs, &budget) else { return false }
    }
    return true
  }
}
