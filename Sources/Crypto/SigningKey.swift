// A private key that makes signatures, for one algorithm.
import COpenSSL
import Core

/// Safe to share. `encoded` is secret: seal it before it is stored.
public final class SigningKey: @unchecked Sendable {
  static let rsaBits: Int32 = 2048

  public let algorithm: SignatureAlgorithm
  private let key: OpaquePointer

  private init(_ algorithm: SignatureAlgorithm, _ key: OpaquePointer) {
    self.algorithm = algorithm
    self.key = key
  }

  deinit { EVP_PKEY_free(key) }

  /// A new key from the system's random numbers.
  public static func generate(_ algorithm: SignatureAlgorithm) -> SigningKey {
    let type =
      switch algorithm {
      case .edDSA: EVP_PKEY_ED25519
      case .es256: EVP_PKEY_EC
      case .rs256: EVP_PKEY_RSA
      }
    let context = EVP_PKEY_CTX_new_id(type, nil)
    defer { EVP_PKEY_CTX_free(context) }
    var key: OpaquePointer?
    var done = EVP_PKEY_keygen_init(context) == 1
    if algorithm == .es256 { done = done && EVP_PKEY_CTX_set_ec_paramgen_curve_nid(context, NID_X9_62_prime256v1) == 1 }
    if algorithm == .rs256 { done = done && EVP_PKEY_CTX_set_rsa_keygen_bits(context, rsaBits) == 1 }
    done = done && EVP_PKEY_keygen(context, &key) == 1
    guard done, let key else { preconditionFailure("OpenSSL makes no \(algorithm.rawValue) keys") }
    return SigningKey(algorithm, key)
  }

  /// Reads what `encoded` gave. Throws Problem `bad_key`.
  public convenience init(_ algorithm: SignatureAlgorithm, encoded: [UInt8]) throws {
    let key: OpaquePointer? = encoded.withUnsafeBufferPointer { buffer in
      var start = buffer.baseAddress
      return d2i_AutoPrivateKey(nil, &start, buffer.count)
    }
    guard let key else {
      ERR_clear_error()
      throw Problem(.invalid, code: "bad_key", "This is no private key.")
    }
    self.init(algorithm, key)
  }

  /// Ed25519 from its 32-byte seed.
  public convenience init(seed: [UInt8]) throws {
    guard seed.count == 32, let key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nil, seed, seed.count) else {
      throw Problem(.invalid, code: "bad_key", "An Ed25519 seed has 32 bytes.")
    }
    self.init(.edDSA, key)
  }

  /// DER, as OpenSSL writes private keys.
  public var encoded: [UInt8] {
    var out: UnsafeMutablePointer<UInt8>?
    let count = Int(i2d_PrivateKey(key, &out))
    defer { CRYPTO_free(out, #file, #line) }
    return count > 0 ? Array(UnsafeBufferPointer(start: out, count: count)) : []
  }

  /// SubjectPublicKeyInfo, DER.
  public var publicEncoded: [UInt8] {
    var out: UnsafeMutablePointer<UInt8>?
    let count = Int(i2d_PUBKEY(key, &out))
    defer { CRYPTO_free(out, #file, #line) }
    return count > 0 ? Array(UnsafeBufferPointer(start: out, count: count)) : []
  }

  /// The public half's own bytes: 32 for EdDSA, x and y (64) for ES256. Empty for RS256.
  public var publicBytes: [UInt8] {
    let encoded = publicEncoded
    switch algorithm {
    case .edDSA: return Array(encoded.suffix(32))
    case .es256: return Array(encoded.suffix(64))
    case .rs256: return []
    }
  }

  /// A signature over `message`; ES256 as 64 bytes.
  public func sign(_ message: [UInt8]) -> [UInt8] {
    let raw = signEncoded(message)
    return algorithm == .es256 ? ECDSASignature.plain(raw) ?? [] : raw
  }

  /// The same; ES256 as DER.
  public func signEncoded(_ message: [UInt8]) -> [UInt8] {
    let context = EVP_MD_CTX_new()
    defer { EVP_MD_CTX_free(context) }
    let digest = algorithm == .edDSA ? nil : EVP_sha256()
    var count = 0
    guard EVP_DigestSignInit(context, nil, digest, nil, key) == 1,
      EVP_DigestSign(context, nil, &count, message, message.count) == 1
    else { preconditionFailure("OpenSSL does not sign with \(algorithm.rawValue)") }
    var signature = [UInt8](repeating: 0, count: count)
    let done = EVP_DigestSign(context, &signature, &count, message, message.count)
    precondition(done == 1, "OpenSSL does not sign with \(algorithm.rawValue)")
    return Array(signature[..<count])
  }
}
