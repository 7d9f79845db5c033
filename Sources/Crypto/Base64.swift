// Bytes as base64 and base64url (RFC 4648). Decoding is strict: one text for one sequence of bytes.

/// The alphabet with `+` and `/`, padded by `=`.
public enum Base64 {
  public static func encode(_ bytes: some Collection<UInt8>) -> String { Radix64.standard.encode(bytes, padded: true) }

  /// Nil unless `text` is exactly what `encode` writes: no white space, padding whole, spare bits zero.
  public static func decode(_ text: some StringProtocol) -> [UInt8]? { Radix64.standard.decode(text, padded: true) }

  /// Without padding, as in stored password hashes.
  public static func encodeUnpadded(_ bytes: some Collection<UInt8>) -> String { Radix64.standard.encode(bytes, padded: false) }

  public static func decodeUnpadded(_ text: some StringProtocol) -> [UInt8]? { Radix64.standard.decode(text, padded: false) }
}

/// The alphabet with `-` and `_`, without padding: safe in URLs, and the form of JSON Web Tokens.
public enum Base64URL {
  public static func encode(_ bytes: some Collection<UInt8>) -> String { Radix64.url.encode(bytes, padded: false) }

  /// Nil unless `text` is exactly what `encode` writes.
  public static func decode(_ text: some StringProtocol) -> [UInt8]? { Radix64.url.decode(text, padded: false) }
}

/// One alphabet of 64 characters and its inverse.
private struct Radix64: Sendable {
  static let standard = Radix64(last: "+/")
  static let url = Radix64(last: "-_")
  private static let foreign: UInt8 = 255

  let alphabet: [UInt8]
  let inverse: [UInt8]

  init(last two: String) {
    let alphabet = Array(("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789" + two).utf8)
    var inverse = [UInt8](repeating: Self.foreign, count: 256)
    for (value, character) in alphabet.enumerated() { inverse[Int(character)] = UInt8(value) }
    self.alphabet = alphabet
    self.inverse = inverse
  }

  func encode(_ bytes: some Collection<UInt8>, padded: Bool) -> String {
    var out: [UInt8] = []
    out.reserveCapacity((bytes.count + 2) / 3 * 4)
    var pending: UInt32 = 0
    var bits = 0
    for byte in bytes {
      pending = pending << 8 | UInt32(byte)
      bits += 8
      while bits >= 6 {
        bits -= 6
        out.append(alphabet[Int(pending >> UInt32(bits) & 63)])
      }
    }
    if bits > 0 { out.append(alphabet[Int(pending << UInt32(6 - bits) & 63)]) }
    if padded { while !out.count.isMultiple(of: 4) { out.append(UInt8(ascii: "=")) } }
    return String(decoding: out, as: UTF8.self)
  }

  func decode(_ text: some StringProtocol, padded: Bool) -> [UInt8]? {
    var characters = Array(text.utf8)
    if padded {
      guard characters.count.isMultiple(of: 4) else { return nil }
      for _ in 0..<2 where characters.last == UInt8(ascii: "=") { characters.removeLast() }
    }
    guard characters.count % 4 != 1 else { return nil }
    var out: [UInt8] = []
    out.reserveCapacity(characters.count / 4 * 3 + 2)
    var pending: UInt32 = 0
    var bits = 0
    for character in characters {
      let value = inverse[Int(character)]
      guard value != Self.foreign else { return nil }
      pending = pending << 6 | UInt32(value)
      bits += 6
      if bits >= 8 {
        bits -= 8
        out.append(UInt8(truncatingIfNeeded: pending >> UInt32(bits)))
      }
    }
    guard pending & (1 << UInt32(bits) - 1) == 0 else { return nil }
    return out
  }
}
