// SHA-256 of bytes that arrive in pieces.
import COpenSSL

/// An incremental SHA-256. One user at a time.
public final class SHA256Hasher {
  private let context: OpaquePointer

  public init() {
    guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex(context, Digest.algorithm, nil) == 1 else {
      preconditionFailure("OpenSSL has no SHA-256")
    }
    self.context = context
  }

  deinit { EVP_MD_CTX_free(context) }

  public func update(_ bytes: [UInt8]) {
    _ = EVP_DigestUpdate(context, bytes, bytes.count)
  }

  public func update(_ bytes: UnsafeRawBufferPointer) {
    _ = EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
  }

  /// The digest of all that was added; the hasher then starts anew.
  public func finish() -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: Digest.length)
    _ = EVP_DigestFinal_ex(context, &digest, nil)
    _ = EVP_DigestInit_ex(context, Digest.algorithm, nil)
    return digest
  }
}
