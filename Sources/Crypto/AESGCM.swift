// AES-256-GCM: encryption that also tells whether anything was changed.
import COpenSSL

enum AESGCM {
  static let keyLength = 32
  static let nonceLength = 12
  static let tagLength = 16

  /// Fetched once, immutable, never freed.
  nonisolated(unsafe) private static let cipher: OpaquePointer? = EVP_CIPHER_fetch(nil, "AES-256-GCM", nil)

  /// Ciphertext, as long as `plaintext`, followed by the 16-byte tag.
  static func encrypt(key: [UInt8], nonce: [UInt8], plaintext: [UInt8], associated: [UInt8]) -> [UInt8] {
    precondition(key.count == keyLength && nonce.count == nonceLength)
    let context = EVP_CIPHER_CTX_new()
    defer { EVP_CIPHER_CTX_free(context) }
    var out = [UInt8](repeating: 0, count: plaintext.count + tagLength)
    var written: Int32 = 0
    var done = EVP_EncryptInit_ex2(context, cipher, key, nonce, nil) == 1
    done = done && EVP_EncryptUpdate(context, nil, &written, associated, Int32(associated.count)) == 1
    done = done && EVP_EncryptUpdate(context, &out, &written, plaintext, Int32(plaintext.count)) == 1
    out.withUnsafeMutableBytes { bytes in
      guard let base = bytes.baseAddress else { return }
      done = done && EVP_EncryptFinal_ex(context, base + plaintext.count, &written) == 1
      done =
        done && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, Int32(tagLength), base + plaintext.count) == 1
    }
    precondition(done, "OpenSSL has no AES-256-GCM")
    return out
  }

  /// The plaintext; nil when key, nonce, associated data or any bit of `sealed` (ciphertext and tag) is not as it was.
  static func decrypt(key: [UInt8], nonce: [UInt8], sealed: [UInt8], associated: [UInt8]) -> [UInt8]? {
    guard key.count == keyLength, nonce.count == nonceLength, sealed.count >= tagLength else { return nil }
    let context = EVP_CIPHER_CTX_new()
    defer { EVP_CIPHER_CTX_free(context) }
    let length = sealed.count - tagLength
    var tag = Array(sealed[length...])
    var out = [UInt8](repeating: 0, count: length + 1)
    var written: Int32 = 0
    guard EVP_DecryptInit_ex2(context, cipher, key, nonce, nil) == 1,
      EVP_DecryptUpdate(context, nil, &written, associated, Int32(associated.count)) == 1,
      EVP_DecryptUpdate(context, &out, &written, sealed, Int32(length)) == 1,
      EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, Int32(tagLength), &tag) == 1
    else { return nil }
    var last: UInt8 = 0
    guard EVP_DecryptFinal_ex(context, &last, &written) == 1 else { return nil }
    out.removeLast()
    return out
  }
}
