// The tokens of strict JSON (RFC 8259): no leading zeros, no control characters in strings, valid UTF-8 only.
import Foundation

/// Walks over the bytes of one JSON text. Readers of values and of trees with places share it.
package struct JSONLexer {
  package struct Fault: Error {
    package var message: String
    package var offset: Int
  }

  package let bytes: UnsafeBufferPointer<UInt8>
  package var at = 0

  package init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

  package func fault(_ message: String, at offset: Int? = nil) -> Fault { Fault(message: message, offset: offset ?? at) }

  package mutating func skipSpace() {
    while at < bytes.count, bytes[at] == 32 || bytes[at] == 10 || bytes[at] == 13 || bytes[at] == 9 { at += 1 }
  }

  /// What the next byte promises, space skipped.
  package enum Start { case object, list, scalar }

  package mutating func start() throws -> Start {
    skipSpace()
    guard at < bytes.count else { throw fault("the text ends where a value is expected") }
    switch bytes[at] {
    case UInt8(ascii: "{"): return .object
    case UInt8(ascii: "["): return .list
    default: return .scalar
    }
  }

  package mutating func scalar() throws -> Value {
    switch bytes[at] {
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try literal("true", .bool(true))
    case UInt8(ascii: "f"): return try literal("false", .bool(false))
    case UInt8(ascii: "n"): return try literal("null", .null)
    case UInt8(ascii: "-"), 48...57: return try number()
    default: throw fault("a value is expected here")
    }
  }

  /// The name of a member, and the colon after it.
  package mutating func memberName() throws -> (name: String, offset: Int) {
    skipSpace()
    guard at < bytes.count, bytes[at] == UInt8(ascii: "\"") else { throw fault("a member name in quotes is expected") }
    let offset = at
    let name = try string()
    skipSpace()
    guard take(UInt8(ascii: ":")) else { throw fault("':' is expected after a member name") }
    return (name, offset)
  }

  /// Whether another member or item follows; passes over the comma or the closing bracket.
  package mutating func another(until close: UInt8) throws -> Bool {
    skipSpace()
    if take(UInt8(ascii: ",")) { return true }
    guard take(close) else { throw fault("',' or '\(Character(Unicode.Scalar(close)))' is expected") }
    return false
  }

  package mutating func end() throws {
    skipSpace()
    guard at == bytes.count else { throw fault("text after the end of the JSON value") }
  }

  package mutating func take(_ byte: UInt8) -> Bool {
    guard at < bytes.count, bytes[at] == byte else { return false }
    at += 1
    return true
  }

  package mutating func literal(_ word: StaticString, _ value: Value) throws -> Value {
    guard at + word.utf8CodeUnitCount <= bytes.count, memcmp(bytes.baseAddress! + at, word.utf8Start, word.utf8CodeUnitCount) == 0
    else { throw fault("a value is expected here") }
    at += word.utf8CodeUnitCount
    return value
  }

  package mutating func number() throws -> Value {
    let start = at
    let negative = take(UInt8(ascii: "-"))
    let firstDigit = at
    var integer = 0
    var overflow = false
    while at < bytes.count, bytes[at] >= 48, bytes[at] <= 57 {
      let (product, a) = integer.multipliedReportingOverflow(by: 10)
      let (sum, b) = product.subtractingReportingOverflow(Int(bytes[at] - 48))
      overflow = overflow || a || b
      integer = sum
      at += 1
    }
    guard at > firstDigit else { throw fault("a digit is expected") }
    if bytes[firstDigit] == 48, at - firstDigit > 1 { throw fault("a number has no leading zeros", at: start) }
    var whole = true
    if take(UInt8(ascii: ".")) {
      whole = false
      try digits()
    }
    if at < bytes.count, bytes[at] | 0x20 == UInt8(ascii: "e") {
      whole = false
      at += 1
      if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
      try digits()
    }
    if whole, !overflow {
      if negative { return .int(integer) }
      if integer != .min { return .int(-integer) }
    }
    guard let number = Double(String(decoding: UnsafeBufferPointer(rebasing: bytes[start..<at]), as: UTF8.self)), number.isFinite
    else { throw fault("the number is out of range", at: start) }
    return .double(number)
  }

  private mutating func digits() throws {
    let start = at
    while at < bytes.count, bytes[at] >= 48, bytes[at] <= 57 { at += 1 }
    if at == start { throw fault("a digit is expected") }
  }

  package mutating func string() throws -> String {
    let start = at
    at += 1
    let first = at
    var high: UInt8 = 0
    while at < bytes.count, bytes[at] != UInt8(ascii: "\""), bytes[at] != UInt8(ascii: "\\"), bytes[at] >= 32 {
      high |= bytes[at]
      at += 1
    }
    if at < bytes.count, bytes[at] == UInt8(ascii: "\"") {
      defer { at += 1 }
      let text = UnsafeBufferPointer(rebasing: bytes[first..<at])
      // ASCII needs no second look.
      return high < 128 ? Self.ascii(text) : try utf8(text, from: start)
    }
    var out = Array(bytes[first..<at])
    while at < bytes.count {
      let c = bytes[at]
      if c == UInt8(ascii: "\"") {
        at += 1
        return try out.withUnsafeBufferPointer { try utf8($0, from: start) }
      }
      if c < 32 { throw fault("a control character in a string must be escaped") }
      at += 1
      if c == UInt8(ascii: "\\") { try escape(into: &out) } else { out.append(c) }
    }
    throw fault("the string does not end", at: start)
  }

  private static func ascii(_ text: UnsafeBufferPointer<UInt8>) -> String {
    String(unsafeUninitializedCapacity: text.count) { out in
      _ = out.initialize(from: text)
      return text.count
    }
  }

  private func utf8(_ buffer: UnsafeBufferPointer<UInt8>, from start: Int) throws -> String {
    guard let text = String(validating: buffer, as: UTF8.self) else { throw fault("the string is not valid UTF-8", at: start) }
    return text
  }

  private mutating func escape(into out: inout [UInt8]) throws {
    guard at < bytes.count else { throw fault("the string does not end") }
    let c = bytes[at]
    at += 1
    switch c {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): out.append(c)
    case UInt8(ascii: "b"): out.append(8)
    case UInt8(ascii: "f"): out.append(12)
    case UInt8(ascii: "n"): out.append(10)
    case UInt8(ascii: "r"): out.append(13)
    case UInt8(ascii: "t"): out.append(9)
    case UInt8(ascii: "u"):
      var code = try hex4()
      if code >= 0xD800, code < 0xDC00 {
        guard take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else { throw fault("half a surrogate pair") }
        let low = try hex4()
        guard low >= 0xDC00, low < 0xE000 else { throw fault("half a surrogate pair") }
        code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
      }
      guard let scalar = Unicode.Scalar(code) else { throw fault("half a surrogate pair") }
      out.append(contentsOf: UTF8.encode(scalar)!)
    default: throw fault("no such escape in a string", at: at - 1)
    }
  }

  private mutating func hex4() throws -> UInt32 {
    guard at + 4 <= bytes.count else { throw fault("four hexadecimal digits are expected") }
    var code: UInt32 = 0
    for _ in 0..<4 {
      let digit: UInt32
      switch bytes[at] {
      case 48...57: digit = UInt32(bytes[at] - 48)
      case 97...102: digit = UInt32(bytes[at] - 87)
      case 65...70: digit = UInt32(bytes[at] - 55)
      default: throw fault("four hexadecimal digits are expected")
      }
      code = code << 4 | digit
      at += 1
    }
    return code
  }
}
