// Escapes of string and bytes literals.

enum Escape {
  struct Fault: Error { let message: String }

  private static let simple: [UInt8: UInt8] = [
    UInt8(ascii: "a"): 7, UInt8(ascii: "b"): 8, UInt8(ascii: "f"): 12, UInt8(ascii: "n"): 10, UInt8(ascii: "r"): 13,
    UInt8(ascii: "t"): 9, UInt8(ascii: "v"): 11, UInt8(ascii: "\\"): UInt8(ascii: "\\"), UInt8(ascii: "?"): UInt8(ascii: "?"),
    UInt8(ascii: "\""): UInt8(ascii: "\""), UInt8(ascii: "'"): UInt8(ascii: "'"), UInt8(ascii: "`"): UInt8(ascii: "`"),
  ]

  /// Reads one escape; `at` stands on its backslash, and behind the escape afterwards.
  static func read(_ bytes: [UInt8], _ at: inout Int, isBytes: Bool, into out: inout [UInt8]) throws(Fault) {
    guard at + 1 < bytes.count else { throw Fault(message: "the escape is not finished") }
    let letter = bytes[at + 1]
    if let byte = simple[letter] {
      at += 2
      return out.append(byte)
    }
    switch letter {
    case UInt8(ascii: "x"), UInt8(ascii: "X"):
      let code = try hex(bytes, at + 2, 2)
      at += 4
      if isBytes { out.append(UInt8(code)) } else { try append(code, &out) }
    case UInt8(ascii: "u"), UInt8(ascii: "U"):
      if isBytes { throw Fault(message: "bytes take no \\u or \\U escape; write \\x and two digits for each byte") }
      let count = letter == UInt8(ascii: "u") ? 4 : 8
      try append(try hex(bytes, at + 2, count), &out)
      at += 2 + count
    case 48...51:
      guard at + 3 < bytes.count, (48...55).contains(bytes[at + 2]), (48...55).contains(bytes[at + 3]) else {
        throw Fault(message: "an octal escape has three digits, \\000 to \\377")
      }
      let code = UInt32(letter - 48) * 64 + UInt32(bytes[at + 2] - 48) * 8 + UInt32(bytes[at + 3] - 48)
      at += 4
      if isBytes { out.append(UInt8(code)) } else { try append(code, &out) }
    default:
      throw Fault(message: "unknown escape '\\\(Character(Unicode.Scalar(letter)))'; a backslash itself is written '\\\\'")
    }
  }

  private static func hex(_ bytes: [UInt8], _ from: Int, _ count: Int) throws(Fault) -> UInt32 {
    var code: UInt32 = 0
    for at in from..<from + count {
      guard at < bytes.count, let digit = Lexer.hexDigit(bytes[at]) else {
        throw Fault(message: "this escape takes \(count) hexadecimal digits")
      }
      code = code << 4 | digit
    }
    return code
  }

  private static func append(_ code: UInt32, _ out: inout [UInt8]) throws(Fault) {
    guard let scalar = Unicode.Scalar(code) else { throw Fault(message: "the escape is no Unicode code point") }
    out.append(contentsOf: String(Character(scalar)).utf8)
  }
}
