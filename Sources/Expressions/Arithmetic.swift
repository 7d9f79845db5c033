// The arithmetic operators, with their overflow and range checks.

enum Arithmetic {
  static let overflow = CELValue.error(CELFailure("return error for overflow"))
  static let divideByZero = CELValue.error(CELFailure("divide by zero"))
  static let modulusByZero = CELValue.error(CELFailure("modulus by zero"))
  static let timestampRange = CELValue.error(CELFailure("range error: timestamps are of the years 0001 to 9999"))
  static let durationRange = CELValue.error(CELFailure("range error: the duration is too long"))

  static func add(_ a: CELValue, _ b: CELValue, _ budget: inout CELBudget) -> CELValue {
    switch (a, b) {
    case (.int(let a), .int(let b)): return checked(a.addingReportingOverflow(b), CELValue.int)
    case (.uint(let a), .uint(let b)): return checked(a.addingReportingOverflow(b), CELValue.uint)
    case (.double(let a), .double(let b)): return .double(a + b)
    case (.string(let x), .string(let y)):
      guard budget.spend(a.weight + b.weight) else { return .error(.limit) }
      return .string(x + y)
    case (.bytes(let x), .bytes(let y)):
      guard budget.spend(a.weight + b.weight) else { return .error(.limit) }
      return .bytes(x + y)
    case (.list(let x), .list(let y)):
      guard budget.spend(a.weight + b.weight) else { return .error(.limit) }
      return .list(x + y)
    case (.timestamp(let s, let n), .duration(let t, let m)), (.duration(let t, let m), .timestamp(let s, let n)):
      return timestamp(s + t, Int(n) + Int(m))
    case (.duration(let s, let n), .duration(let t, let m)): return duration(s + t, Int(n) + Int(m))
    default: return decimals(a, b) { $0.adding($1) } ?? fault("_+_", a, b)
    }
  }

  static func subtract(_ a: CELValue, _ b: CELValue) -> CELValue {
    switch (a, b) {
    case (.int(let a), .int(let b)): return checked(a.subtractingReportingOverflow(b), CELValue.int)
    case (.uint(let a), .uint(let b)): return checked(a.subtractingReportingOverflow(b), CELValue.uint)
    case (.double(let a), .double(let b)): return .double(a - b)
    case (.timestamp(let s, let n), .duration(let t, let m)): return timestamp(s - t, Int(n) - Int(m))
    case (.timestamp(let s, let n), .timestamp(let t, let m)):
      // The language lets a difference be at most what fits in 64 bits of nanoseconds.
      let limit = Int.max / TimeText.nanosOfSecond
      return (s - t).magnitude > limit ? durationRange : duration(s - t, Int(n) - Int(m))
    case (.duration(let s, let n), .duration(let t, let m)): return duration(s - t, Int(n) - Int(m))
    default: return decimals(a, b) { x, y in y.negated.flatMap { x.adding($0) } } ?? fault("_-_", a, b)
    }
  }

  static func multiply(_ a: CELValue, _ b: CELValue) -> CELValue {
    switch (a, b) {
    case (.int(let a), .int(let b)): return checked(a.multipliedReportingOverflow(by: b), CELValue.int)
    case (.uint(let a), .uint(let b)): return checked(a.multipliedReportingOverflow(by: b), CELValue.uint)
    case (.double(let a), .double(let b)): return .double(a * b)
    default: return decimals(a, b) { $0.multiplied(by: $1) } ?? fault("_*_", a, b)
    }
  }

  static func divide(_ a: CELValue, _ b: CELValue) -> CELValue {
    switch (a, b) {
    case (.int, .int(0)), (.uint, .uint(0)): return divideByZero
    case (.int(let a), .int(let b)): return checked(a.dividedReportingOverflow(by: b), CELValue.int)
    case (.uint(let a), .uint(let b)): return .uint(a / b)
    case (.double(let a), .double(let b)): return .double(a / b)
    default:
      if let divisor = decimal(b), divisor.coefficient == 0, decimal(a) != nil { return divideByZero }
      return decimals(a, b) { $0.divided(by: $1) } ?? fault("_/_", a, b)
    }
  }

  static func modulo(_ a: CELValue, _ b: CELValue) -> CELValue {
    switch (a, b) {
    case (.int, .int(0)), (.uint, .uint(0)): return modulusByZero
    case (.int(let a), .int(let b)): return checked(a.remainderReportingOverflow(dividingBy: b), CELValue.int)
    case (.uint(let a), .uint(let b)): return .uint(a % b)
    default: return fault("_%_", a, b)
    }
  }

  static func negate(_ a: CELValue) -> CELValue {
    switch a {
    case .int(let n): return checked((0).subtractingReportingOverflow(n), CELValue.int)
    case .double(let d): return .double(-d)
    case .decimal(let d): return d.negated.map(CELValue.decimal) ?? overflow
    case .error: return a
    default: return .error(.noOverload("-_", [a]))
    }
  }

  /// The exact value of a decimal or an int.
  static func decimal(_ value: CELValue) -> CELDecimal? {
    switch value {
    case .decimal(let d): d
    case .int(let i): CELDecimal(i)
    default: nil
    }
  }

  /// Nil unless both are decimals, or one is and the other an int.
  private static func decimals(_ a: CELValue, _ b: CELValue, _ body: (CELDecimal, CELDecimal) -> CELDecimal?) -> CELValue? {
    guard let x = decimal(a), let y = decimal(b) else { return nil }
    return body(x, y).map(CELValue.decimal) ?? overflow
  }

  /// A timestamp of seconds and nanoseconds that may be out of their ranges, or the range error.
  static func timestamp(_ seconds: Int, _ nanos: Int) -> CELValue {
    let carry = TimeText.floorDivide(nanos, TimeText.nanosOfSecond)
    guard TimeText.timestamps.contains(seconds + carry) else { return timestampRange }
    return .timestamp(seconds: seconds + carry, nanos: Int32(nanos - carry * TimeText.nanosOfSecond))
  }

  /// A duration of seconds and nanoseconds that may have different signs, or the range error.
  static func duration(_ seconds: Int, _ nanos: Int) -> CELValue {
    guard seconds.magnitude <= Int.max / 2 else { return durationRange }
    var seconds = seconds + nanos / TimeText.nanosOfSecond
    var nanos = nanos % TimeText.nanosOfSecond
    if seconds > 0, nanos < 0 {
      seconds -= 1
      nanos += TimeText.nanosOfSecond
    } else if seconds < 0, nanos > 0 {
      seconds += 1
      nanos -= TimeText.nanosOfSecond
    }
    guard TimeText.durations.contains(seconds) else { return durationRange }
    return .duration(seconds: seconds, nanos: Int32(nanos))
  }

  private static func checked<T>(_ result: (partialValue: T, overflow: Bool), _ wrap: (T) -> CELValue) -> CELValue {
    result.overflow ? overflow : wrap(result.partialValue)
  }

  private static func fault(_ name: String, _ a: CELValue, _ b: CELValue) -> CELValue {
    if case .error = a { return a }
    if case .error = b { return b }
    return .error(.noOverload(name, [a, b]))
  }
}
