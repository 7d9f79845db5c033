// Conversions between types, with the range checks of the language.

enum Conversions {
  static func add(to set: inout CELFunctions) {
    let table: [(String, @Sendable (CELValue) -> CELValue?)] = [
      ("int", int), ("uint", uint), ("double", double), ("string", string), ("bytes", bytes), ("bool", bool),
      ("timestamp", timestamp), ("duration", duration),
    ]
    for (name, convert) in table {
      set.add(name, 1...1, .global) { arguments, _ in convert(arguments[0]) ?? .error(.noOverload(name, arguments)) }
    }
  }

  private static func range(_ type: String) -> CELValue { .error(CELFailure("range error: the number does not fit in \(type)")) }
  private static func refused(_ text: String, _ type: String) -> CELValue {
    .error(CELFailure("Type conversion error: '\(text.prefix(64))' is no \(type)"))
  }

  @Sendable private static func int(_ value: CELValue) -> CELValue? {
    switch value {
    case .int: return value
    case .uint(let u): return Int(exactly: u).map(CELValue.int) ?? range("int")
    case .double(let d):
      // Both ends are left out: the doubles there stand for numbers beyond them too.
      return d > -0x1p63 && d < 0x1p63 ? .int(Int(d)) : range("int")
    case .string(let s): return Int(s).map(CELValue.int) ?? refused(s, "int")
    case .timestamp(let seconds, _): return .int(seconds)
    case .decimal(let d): return Int(exactly: d.wholePart).map(CELValue.int) ?? range("int")
    default: return nil
    }
  }

  @Sendable private static func uint(_ value: CELValue) -> CELValue? {
    switch value {
    case .uint: return value
    case .int(let i): return UInt64(exactly: i).map(CELValue.uint) ?? range("uint")
    case .double(let d): return d >= 0 && d < 0x1p64 ? .uint(UInt64(d)) : range("uint")
    case .string(let s): return UInt64(s).map(CELValue.uint) ?? refused(s, "uint")
    default: return nil
    }
  }

  @Sendable private static func double(_ value: CELValue) -> CELValue? {
    switch value {
    case .double: value
    case .int(let i): .double(Double(i))
    case .uint(let u): .double(Double(u))
    case .decimal(let d): .double(d.double)
    case .string(let s): Double(s).map(CELValue.double) ?? refused(s, "double")
    default: nil
    }
  }

  @Sendable private static func string(_ value: CELValue) -> CELValue? {
    switch value {
    case .string: return value
    case .bool(let b): return .string(String(b))
    case .int(let i): return .string(String(i))
    case .uint(let u): return .string(String(u))
    case .double(let d): return .string(text(d))
    case .decimal(let d): return .string(d.description)
    case .bytes(let b):
      return String(validating: b, as: UTF8.self).map(CELValue.string) ?? .error(CELFailure("invalid UTF-8 in bytes"))
    case .timestamp(let seconds, let nanos): return .string(TimeText.timestamp(seconds: seconds, nanos: nanos))
    case .duration(let seconds, let nanos): return .string(TimeText.duration(seconds: seconds, nanos: nanos))
    case .type(let name): return .string(name)
    default: return nil
    }
  }

  /// The shortest text that reads back as the same double, whole numbers without a fraction.
  static func text(_ number: Double) -> String {
    if number.isNaN { return "NaN" }
    if number.isInfinite { return number > 0 ? "Infinity" : "-Infinity" }
    let text = "\(number)"
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }

  @Sendable private static func bytes(_ value: CELValue) -> CELValue? {
    switch value {
    case .bytes: value
    case .string(let s): .bytes(Array(s.utf8))
    default: nil
    }
  }

  @Sendable private static func bool(_ value: CELValue) -> CELValue? {
    switch value {
    case .bool: return value
    case .string(let s):
      switch s {
      case "1", "t", "T", "true", "TRUE", "True": return .bool(true)
      case "0", "f", "F", "false", "FALSE", "False": return .bool(false)
      default: return refused(s, "bool")
      }
    default: return nil
    }
  }

  @Sendable private static func timestamp(_ value: CELValue) -> CELValue? {
    switch value {
    case .timestamp: return value
    case .int(let seconds): return Arithmetic.timestamp(seconds, 0)
    case .string(let s):
      guard let read = TimeText.readTimestamp(s) else { return refused(s, "timestamp (RFC 3339)") }
      return Arithmetic.timestamp(read.seconds, Int(read.nanos))
    default: return nil
    }
  }

  @Sendable private static func duration(_ value: CELValue) -> CELValue? {
    switch value {
    case .duration: return value
    case .int(let seconds): return Arithmetic.duration(seconds, 0)
    case .string(let s):
      guard let read = TimeText.readDuration(s) else { return refused(s, "duration, such as '1h30m' or '1.5s'") }
      return Arithmetic.duration(read.seconds, Int(read.nanos))
    default: return nil
    }
  }
}
