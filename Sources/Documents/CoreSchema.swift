// The YAML 1.2 core schema: which plain scalars are null, booleans and numbers. `yes`, `on` and 1:30 are text.
import Core
import Foundation

enum CoreSchema {
  /// The value of a plain scalar; nil when it is a number beyond the range of a double.
  static func resolve(_ b: UnsafeBufferPointer<UInt8>) -> Value? {
    guard let first = b.first else { return .null }
    switch first {
    case UInt8(ascii: "n"), UInt8(ascii: "N"), UInt8(ascii: "~"):
      if matches(b, "null") || matches(b, "~") || matches(b, "Null") || matches(b, "NULL") { return .null }
    case UInt8(ascii: "t"), UInt8(ascii: "T"):
      if matches(b, "true") || matches(b, "True") || matches(b, "TRUE") { return .bool(true) }
    case UInt8(ascii: "f"), UInt8(ascii: "F"):
      if matches(b, "false") || matches(b, "False") || matches(b, "FALSE") { return .bool(false) }
    case 48...57, UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."):
      switch number(b) {
      case .value(let value): return value
      case .outOfRange: return nil
      case .text: break
      }
    default: break
    }
    return .string(String(decoding: b, as: UTF8.self))
  }

  enum Number {
    case value(Value)
    case outOfRange
    case text
  }

  static func number(_ b: UnsafeBufferPointer<UInt8>) -> Number {
    let signed = b[0] == UInt8(ascii: "+") || b[0] == UInt8(ascii: "-")
    let negative = b[0] == UInt8(ascii: "-")
    let start = signed ? 1 : 0
    if b.count > 2, b[0] == 48, b[1] == UInt8(ascii: "x") || b[1] == UInt8(ascii: "o") {
      return radix(b.dropFirst(2), b[1] == UInt8(ascii: "x") ? 16 : 8)
    }
    var at = start
    // Negative accumulation, so that the least integer fits.
    var integer = 0
    var overflow = false
    while at < b.count, b[at] >= 48, b[at] <= 57 {
      let (product, a) = integer.multipliedReportingOverflow(by: 10)
      let (sum, c) = product.subtractingReportingOverflow(Int(b[at] - 48))
      overflow = overflow || a || c
      integer = sum
      at += 1
    }
    let digits = at - start
    if at == b.count, digits > 0, !overflow {
      if negative { return .value(.int(integer)) }
      if integer != .min { return .value(.int(-integer)) }
    }
    if digits == 0, at < b.count, b[at] == UInt8(ascii: "."), let special = special(b.dropFirst(at), negative, signed) {
      return .value(special)
    }
    var fraction = 0
    if at < b.count, b[at] == UInt8(ascii: ".") {
      at += 1
      while at < b.count, b[at] >= 48, b[at] <= 57 {
        at += 1
        fraction += 1
      }
    }
    if digits + fraction == 0 { return .text }
    if at < b.count, b[at] | 0x20 == UInt8(ascii: "e") {
      at += 1
      if at < b.count, b[at] == UInt8(ascii: "+") || b[at] == UInt8(ascii: "-") { at += 1 }
      let exponent = at
      while at < b.count, b[at] >= 48, b[at] <= 57 { at += 1 }
      if at == exponent { return .text }
    }
    guard at == b.count else { return .text }
    guard let value = Double(String(decoding: b, as: UTF8.self)), value.isFinite else { return .outOfRange }
    return .value(.double(value))
  }

  private static func special(_ b: Slice<UnsafeBufferPointer<UInt8>>, _ negative: Bool, _ signed: Bool) -> Value? {
    let b = UnsafeBufferPointer(rebasing: b)
    if matches(b, ".inf") || matches(b, ".Inf") || matches(b, ".INF") { return .double(negative ? -.infinity : .infinity) }
    if !signed, matches(b, ".nan") || matches(b, ".NaN") || matches(b, ".NAN") { return .double(.nan) }
    return nil
  }

  private static func radix(_ digits: Slice<UnsafeBufferPointer<UInt8>>, _ radix: UInt8) -> Number {
    var integer = 0
    var real = 0.0
    var overflow = false
    for byte in digits {
      let digit: UInt8
      switch byte {
      case 48...57: digit = byte - 48
      case 97...102: digit = byte - 87
      case 65...70: digit = byte - 55
      default: return .text
      }
      guard digit < radix else { return .text }
      let (product, a) = integer.multipliedReportingOverflow(by: Int(radix))
      let (sum, c) = product.addingReportingOverflow(Int(digit))
      overflow = overflow || a || c
      integer = sum
      real = real * Double(radix) + Double(digit)
    }
    if !overflow { return .value(.int(integer)) }
    return real.isFinite ? .value(.double(real)) : .outOfRange
  }

  private static func matches(_ b: UnsafeBufferPointer<UInt8>, _ word: StaticString) -> Bool {
    b.count == word.utf8CodeUnitCount && memcmp(b.baseAddress!, word.utf8Start, b.count) == 0
  }
}
