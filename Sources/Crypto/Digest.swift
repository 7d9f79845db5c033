// SHA-256 and HMAC-SHA-256 of bytes at hand.
import COpenSSL

public enum Digest {
  /// Bytes of a SHA-256 digest or an HMAC-SHA-256.
  public static let length = 32

  /// Fetched once: looking an algorithm up costs more than hashing a short message. Never freed, immutable.
  nonisolated(unsafe) static let algorithm: OpaquePointer? = EVP_MD_fetch(nil, "SHA256", nil)

  /// The SHA-256 of `bytes`, 32 bytes.
  public static func sha256(_ bytes: [UInt8]) -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: length)
    let done = EVP_Digest(bytes, bytes.count, &digest, nil, algorithm, nil)
    precondition(done == 1, "OpenSSL has no SHA-256")
    return digest
  }

  public static func sha256(_ text: String) -> [UInt8] { sha256(Array(text.utf8)) }

  public static func sha256(_ bytes: some Collection<UInt8>) -> [UInt8] { sha256(Array(bytes)) }

  /// The SHA-256 of `bytes` as 64 lower-case hexadecimal digits.
  public static func sha256Hex(_ bytes: [UInt8]) -> String { Hex.encode(sha256(bytes)) }

  /// The HMAC-SHA-256 of `message`, 32 bytes. A key of any length is allowed.
  public static func hmacSHA256(key: [UInt8], _ message: [UInt8]) -> [UInt8] {
    var code = [UInt8](repeating: 0, count: length)
    let done = HMAC(algorithm, key, Int32(key.count), message, message.count, &code, nil)
    precondition(done != nil, "OpenSSL has no HMAC-SHA-256")
    return code
  }
}
