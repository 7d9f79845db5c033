// A public key that checks signatures, for one algorithm and no other.
import COpenSSL

/// Bound to its algorithm, so that nothing in a message can choose another one. Safe to share.
public final class VerificationKey: @unchecked Sendable {
  /// Bytes of an RSA modulus.
  static let rsaSizes = 256...512
  /// Bytes of an RSA exponent.
  static let exponentLimit = 4

  public let algorithm: SignatureAlgorithm
  /// SubjectPublicKeyInfo, DER.
  public let encoded: [UInt8]
  private let key: OpaquePointer

  private init?(_ algorithm: SignatureAlgorithm, encoded: [UInt8]) {
    var start: UnsafePointer<UInt8>?
    let key: OpaquePointer? = encoded.withUnsafeBufferPointer { buffer in
      start = buffer.baseAddress
      return d2i_PUBKEY(nil, &start, buffer.count)
    }
    guard let key else {
      ERR_clear_error()
      return nil
    }
    self.algorithm = algorithm
    self.encoded = encoded
    self.key = key
  }

  deinit { EVP_PKEY_free(key) }

  /// Ed25519: 32 bytes.
  public static func ed25519(_ bytes: [UInt8]) -> VerificationKey? {
    guard bytes.count == 32 else { return nil }
    return VerificationKey(.edDSA, encoded: [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00] + bytes)
  }

  /// P-256: two coordinates of 32 bytes. Nil when they are no point of the curve.
  public static func p256(x: [UInt8], y: [UInt8]) -> VerificationKey? {
    guard x.count == 32, y.count == 32 else { return nil }
    let head: [UInt8] = [
      0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d,
      0x03,
      0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
    ]
    return VerificationKey(.es256, encoded: head + x + y)
  }

  /// RSA of 2048 to 4096 bits, big-endian. Nil for weaker and larger keys, and for even or tiny exponents.
  public static func rsa(modulus: [UInt8], exponent: [UInt8]) -> VerificationKey? {
    let modulus = Array(modulus.drop { $0 == 0 })
    let exponent = Array(exponent.drop { $0 == 0 })
    guard rsaSizes.contains(modulus.count), (1...exponentLimit).contains(exponent.count), let last = exponent.last, last & 1 == 1,
      exponent != [1], modulus.last.map({ $0 & 1 == 1 }) == true
    else { return nil }
    let oid: [UInt8] = [0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00]
    let numbers = DER.sequence(DER.integer(modulus) + DER.integer(exponent))
    return VerificationKey(.rs256, encoded: DER.sequence(oid + DER.bitString(numbers)))
  }

  /// Whether `signature` over `message` was made with the private half. ES256 signatures in the 64 bytes of JSON Web Signatures.
  public func verifies(_ signature: [UInt8], over message: [UInt8]) -> Bool {
    guard algorithm == .es256 else { return check(signature, message) }
    guard let der = ECDSASignature.der(signature) else { return false }
    return check(der, message)
  }

  /// The same for signatures that come as DER where the algorithm is ES256, as authenticators send them.
  public func verifies(encoded signature: [UInt8], over message: [UInt8]) -> Bool {
    guard algorithm != .es256 || ECDSASignature.plain(signature) != nil else { return false }
    return check(signature, message)
  }

  private func check(_ signature: [UInt8], _ message: [UInt8]) -> Bool {
    guard let context = EVP_MD_CTX_new() else { return false }
    defer { EVP_MD_CTX_free(context) }
    let digest = algorithm == .edDSA ? nil : EVP_sha256()
    let done =
      EVP_DigestVerifyInit(context, nil, digest, nil, key) == 1
      && EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
    if !done { ERR_clear_error() }
    return done
  }
}
