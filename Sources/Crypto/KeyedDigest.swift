// HMAC over SHA-1, SHA-256 and SHA-512, for one-time passwords and foreign protocols.
import COpenSSL

/// SHA-1 is here because authenticator apps use it for one-time passwords (RFC 6238), where its weakness does not matter.
public enum KeyedDigest: String, Sendable, CaseIterable {
  case sha1, sha256, sha512

  /// Bytes of a code.
  public var length: Int {
    switch self {
    case .sha1: 20
    case .sha256: 32
    case .sha512: 64
    }
  }

  /// The code of `message`, `length` bytes. A key of any length is allowed.
  public func code(key: [UInt8], _ message: [UInt8]) -> [UInt8] {
    var code = [UInt8](repeating: 0, count: length)
    let algorithm =
      switch self {
      case .sha1: EVP_sha1()
      case .sha256: EVP_sha256()
      case .sha512: EVP_sha512()
      }
    let done = HMAC(algorithm, key, Int32(key.count), message, message.count, &code, nil)
    precondition(done != nil, "OpenSSL has no HMAC-\(rawValue)")
    return code
  }
}
