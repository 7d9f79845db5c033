// The math and encoders extensions of CEL.

enum MathFunctions {
  /// The most arguments of math.greatest and math.least; more go into a list.
  private static let argumentLimit = 100

  static func add(to set: inout CELFunctions) {
    set.add("math.greatest", 1...argumentLimit, .global) { arguments, budget in
      extreme("math.greatest", arguments, &budget) { $0 > 0 }
    }
    set.add("math.least", 1...argumentLimit, .global) { arguments, budget in extreme("math.least", arguments, &budget) { $0 < 0 }
    }
    double("math.ceil", &set) { .double($0.rounded(.up)) }
    double("math.floor", &set) { .double($0.rounded(.down)) }
    double("math.round", &set) { .double($0.rounded(.toNearestOrAwayFromZero)) }
    double("math.trunc", &set) { .double($0.rounded(.towardZero)) }
    double("math.isNaN", &set) { .bool($0.isNaN) }
    double("math.isInf", &set) { .bool($0.isInfinite) }
    double("math.isFinite", &set) { .bool($0.isFinite) }
    one("math.sqrt", &set) { value in
      switch value {
      case .int(let i): .double(Double(i).squareRoot())
      case .uint(let u): .double(Double(u).squareRoot())
      case .double(let d): .double(d.squareRoot())
      default: nil
      }
    }
    one("math.abs", &set, absolute)
    one("math.sign", &set) { value in
      switch value {
      case .int(let i): .int(i.signum())
      case .uint(let u): .uint(u == 0 ? 0 : 1)
      case .double(let d): .double(d.isNaN ? d : d > 0 ? 1 : d < 0 ? -1 : 0)
      default: nil
      }
    }
    addBits(to: &set)
    one("base64.encode", &set) { if case .bytes(let b) = $0 { .string(Base64.text(b)) } else { nil } }
    one("base64.decode", &set) { value in
      guard case .string(let s) = value else { return nil }
      return Base64.bytes(s).map(CELValue.bytes) ?? .error(CELFailure("the text is not base64"))
    }
  }

  static func absolute(_ value: CELValue) -> CELValue? {
    switch value {
    case .int(let i): i == .min ? Arithmetic.overflow : .int(abs(i))
    case .uint: value
    case .double(let d): .double(abs(d))
    case .decimal(let d): d.coefficient < 0 ? d.negated.map(CELValue.decimal) : value
    default: nil
    }
  }

  /// The first of the numbers that no other goes before; `accepts` tells whether an order puts a later one in its place.
  static func extreme(
    _ name: String, _ arguments: [CELValue], _ budget: inout CELBudget, _ accepts: (Int) -> Bool
  ) -> CELValue {
    var numbers = arguments
    if arguments.count == 1, case .list(let items) = arguments[0] { numbers = items }
    guard budget.spend(numbers.count) else { return .error(.limit) }
    guard var best = numbers.first, numbers.allSatisfy(\.isNumber) else { return .error(.noOverload(name, arguments)) }
    for number in numbers.dropFirst() { if let order = number.order(best), accepts(order) { best = number } }
    return best
  }

  private static func one(_ name: String, _ set: inout CELFunctions, _ body: @escaping @Sendable (CELValue) -> CELValue?) {
    set.add(name, 1...1, .global) { arguments, _ in body(arguments[0]) ?? .error(.noOverload(name, arguments)) }
  }

  private static func double(_ name: String, _ set: inout CELFunctions, _ body: @escaping @Sendable (Double) -> CELValue) {
    one(name, &set) { if case .double(let d) = $0 { body(d) } else { nil } }
  }

  private static func addBits(to set: inout CELFunctions) {
    let pairs: [(String, @Sendable (UInt64, UInt64) -> UInt64)] = [
      ("math.bitAnd", { $0 & $1 }), ("math.bitOr", { $0 | $1 }), ("math.bitXor", { $0 ^ $1 }),
    ]
    for (name, body) in pairs {
      set.add(name, 2...2, .global) { arguments, _ in
        switch (arguments[0], arguments[1]) {
        case (.int(let a), .int(let b)):
          .int(Int(truncatingIfNeeded: body(UInt64(truncatingIfNeeded: a), UInt64(truncatingIfNeeded: b))))
        case (.uint(let a), .uint(let b)): .uint(body(a, b))
        default: .error(.noOverload(name, arguments))
        }
      }
    }
    one("math.bitNot", &set) { value in
      switch value {
      case .int(let i): .int(~i)
      case .uint(let u): .uint(~u)
      default: nil
      }
    }
    // Both shifts fill with zeros.
    let shifts: [(String, @Sendable (UInt64, Int) -> UInt64)] = [
      ("math.bitShiftLeft", { $0 << $1 }), ("math.bitShiftRight", { $0 >> $1 }),
    ]
    for (name, body) in shifts {
      set.add(name, 2...2, .global) { arguments, _ in
        guard case .int(let count) = arguments[1] else { return .error(.noOverload(name, arguments)) }
        guard count >= 0 else { return .error(CELFailure("\(name): the offset is negative")) }
        switch arguments[0] {
        case .int(let a): return .int(Int(truncatingIfNeeded: body(UInt64(truncatingIfNeeded: a), count)))
        case .uint(let a): return .uint(body(a, count))
        default: return .error(.noOverload(name, arguments))
        }
      }
    }
  }
}
