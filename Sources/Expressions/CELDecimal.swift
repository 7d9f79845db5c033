// Exact decimal numbers, for money: the platform's addition to the types of CEL.

/// A number of up to 38 digits, `scale` of them behind the point; always in its shortest form.
public struct CELDecimal: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// The most digits behind the point. Products and quotients are rounded to it, halves to the even digit.
  public static let scaleLimit = 18

  public let coefficient: Int128
  public let scale: Int

  public init(_ integer: Int) {
    coefficient = Int128(integer)
    scale = 0
  }

  /// Nil when `scale` is out of range.
  public init?(coefficient: Int128, scale: Int) {
    guard scale >= 0, scale <= Self.scaleLimit else { return nil }
    var coefficient = coefficient
    var scale = scale
    while scale > 0, coefficient % 10 == 0 {
      coefficient /= 10
      scale -= 1
    }
    self.coefficient = coefficient
    self.scale = scale
  }

  /// Reads `-12.50`: digits, at most one point, no exponent.
  public init?(_ text: some StringProtocol) {
    var rest = Substring(text).utf8[...]
    let negative = rest.first == UInt8(ascii: "-")
    if negative { rest = rest.dropFirst() }
    var coefficient: Int128 = 0
    var scale = 0
    var digits = 0
    var point = false
    for c in rest {
      if c == UInt8(ascii: "."), !point, digits > 0 {
        point = true
        continue
      }
      guard Lexer.isDigit(c) else { return nil }
      let (product, high) = coefficient.multipliedReportingOverflow(by: 10)
      let (sum, over) = product.addingReportingOverflow(Int128(c - 48))
      if high || over { return nil }
      coefficient = sum
      digits += 1
      if point { scale += 1 }
    }
    guard digits > 0, !point || scale > 0 else { return nil }
    self.init(coefficient: negative ? -coefficient : coefficient, scale: scale)
  }

  public var description: String {
    var digits = String(coefficient.magnitude)
    if scale > 0 {
      if digits.count <= scale { digits = String(repeating: "0", count: scale - digits.count + 1) + digits }
      digits.insert(".", at: digits.index(digits.endIndex, offsetBy: -scale))
    }
    return (coefficient < 0 ? "-" : "") + digits
  }

  /// Without the digits behind the point.
  public var wholePart: Int128 { Self.power(scale).map { coefficient / $0 } ?? 0 }

  public var double: Double { Double(description) ?? .nan }

  public static func < (a: CELDecimal, b: CELDecimal) -> Bool {
    if let (x, y, _) = aligned(a, b) { return x < y }
    return a.double < b.double
  }

  /// Nil: the sum has too many digits.
  public func adding(_ other: CELDecimal) -> CELDecimal? {
    guard let (x, y, scale) = Self.aligned(self, other) else { return nil }
    let (sum, overflow) = x.addingReportingOverflow(y)
    return overflow ? nil : CELDecimal(coefficient: sum, scale: scale)
  }

  public var negated: CELDecimal? { coefficient == .min ? nil : CELDecimal(coefficient: -coefficient, scale: scale) }

  public func multiplied(by other: CELDecimal) -> CELDecimal? {
    let (product, overflow) = coefficient.multipliedReportingOverflow(by: other.coefficient)
    return overflow ? nil : Self.rounded(product, scale: scale + other.scale, to: Self.scaleLimit)
  }

  /// Nil also for a divisor of zero.
  public func divided(by other: CELDecimal) -> CELDecimal? {
    guard other.coefficient != 0 else { return nil }
    // As many more digits as there is room for, and one to round by.
    var numerator = coefficient
    var places = scale - other.scale
    while places <= Self.scaleLimit || places < 0 {
      let (next, overflow) = numerator.multipliedReportingOverflow(by: 10)
      if overflow { break }
      numerator = next
      places += 1
    }
    guard places >= 0 else { return nil }
    return Self.rounded(numerator / other.coefficient, scale: places, to: Self.scaleLimit)
  }

  /// Rounded to `places` digits behind the point, halves to the even digit.
  public func rounded(to places: Int) -> CELDecimal? { Self.rounded(coefficient, scale: scale, to: min(places, Self.scaleLimit)) }

  private static func rounded(_ coefficient: Int128, scale: Int, to places: Int) -> CELDecimal? {
    guard places >= 0 else { return nil }
    guard scale > places else { return CELDecimal(coefficient: coefficient, scale: scale) }
    guard let unit = power(scale - places) else { return CELDecimal(coefficient: 0, scale: 0) }
    var (whole, rest) = coefficient.quotientAndRemainder(dividingBy: unit)
    let half = unit / 2
    if rest.magnitude > half.magnitude || (rest.magnitude == half.magnitude && whole % 2 != 0) {
      whole += coefficient < 0 ? -1 : 1
    }
    return CELDecimal(coefficient: whole, scale: places)
  }

  /// Both coefficients at one scale; nil when one has too many digits for that.
  private static func aligned(_ a: CELDecimal, _ b: CELDecimal) -> (Int128, Int128, Int)? {
    let scale = max(a.scale, b.scale)
    guard let x = power(scale - a.scale), let y = power(scale - b.scale) else { return nil }
    let (left, over) = a.coefficient.multipliedReportingOverflow(by: x)
    let (right, under) = b.coefficient.multipliedReportingOverflow(by: y)
    return over || under ? nil : (left, right, scale)
  }

  private static func power(_ exponent: Int) -> Int128? {
    guard exponent <= 38 else { return nil }
    return (0..<exponent).reduce(1) { power, _ in power * 10 }
  }
}
