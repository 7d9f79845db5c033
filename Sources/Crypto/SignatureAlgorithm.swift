// The signature algorithms that Plumb makes or checks, by their names in JSON Web Signatures.

public enum SignatureAlgorithm: String, Sendable, CaseIterable {
  /// Ed25519 (RFC 8037).
  case edDSA = "EdDSA"
  /// ECDSA over P-256 with SHA-256; 64 bytes, r and s (RFC 7518).
  case es256 = "ES256"
  /// RSASSA-PKCS1-v1_5 with SHA-256.
  case rs256 = "RS256"
}

/// DER of what ECDSA signs: two integers, against the plain 64 bytes of JSON Web Signatures.
enum ECDSASignature {
  static let half = 32

  /// Nil unless `plain` has 64 bytes.
  static func der(_ plain: [UInt8]) -> [UInt8]? {
    guard plain.count == 2 * half else { return nil }
    let body = DER.integer(plain[..<half]) + DER.integer(plain[half...])
    return DER.sequence(body)
  }

  /// Nil when `der` is not exactly two positive integers of at most 32 bytes.
  static func plain(_ der: [UInt8]) -> [UInt8]? {
    guard der.count >= 8, der.count <= 72, der[0] == 0x30, Int(der[1]) == der.count - 2 else { return nil }
    var at = 2
    var out: [UInt8] = []
    for _ in 0..<2 {
      guard at + 2 <= der.count, der[at] == 2 else { return nil }
      let length = Int(der[at + 1])
      at += 2
      guard length > 0, length <= half + 1, at + length <= der.count, der[at] & 0x80 == 0 else { return nil }
      var number = Array(der[at..<at + length])
      if number.count > 1, number[0] == 0 {
        guard number[1] & 0x80 != 0 else { return nil }
        number.removeFirst()
      }
      guard number.count <= half else { return nil }
      out += [UInt8](repeating: 0, count: half - number.count) + number
      at += length
    }
    return at == der.count ? out : nil
  }
}

/// The few pieces of DER that keys and signatures need.
enum DER {
  static func length(_ count: Int) -> [UInt8] {
    if count < 0x80 { return [UInt8(count)] }
    if count < 0x100 { return [0x81, UInt8(count)] }
    return [0x82, UInt8(count >> 8), UInt8(count & 0xff)]
  }

  static func sequence(_ body: [UInt8]) -> [UInt8] { [0x30] + length(body.count) + body }

  /// A positive integer in the fewest bytes.
  static func integer(_ bytes: some Collection<UInt8>) -> [UInt8] {
    var number = Array(bytes.drop { $0 == 0 })
    if number.isEmpty { number = [0] }
    if number[0] & 0x80 != 0 { number.insert(0, at: 0) }
    return [2] + length(number.count) + number
  }

  static func bitString(_ bytes: [UInt8]) -> [UInt8] { [3] + length(bytes.count + 1) + [0] + bytes }
}
