// Secrets at rest: sealed with a key, bound to where they stand, and opened again with that key or an older one.
import Core

/// A 32-byte key and its id, which sealed data carries.
public struct SealingKey: Sendable {
  /// The first 8 bytes of a hash of the key: tells keys apart and reveals nothing of them.
  public let id: [UInt8]
  let bytes: [UInt8]

  /// Fails unless `bytes` are 32.
  public init(_ bytes: [UInt8]) throws {
    guard bytes.count == AESGCM.keyLength else {
      throw Problem(.invalid, code: "bad_key", "A sealing key has \(AESGCM.keyLength) bytes; this one has \(bytes.count).")
    }
    self.bytes = bytes
    id = Array(Digest.hmacSHA256(key: bytes, Array("key id".utf8)).prefix(Sealer.idLength))
  }
}

/// AES-256-GCM with a random 96-bit nonce for each sealing. One key is good for 2^32 of them (NIST SP 800-38D).
/// Layout: version (1 byte), key id (8), nonce (12), ciphertext, tag (16).
public struct Sealer: Sendable {
  static let version: UInt8 = 1
  static let idLength = 8
  private static let headLength = 1 + idLength + AESGCM.nonceLength

  public let current: SealingKey
  private let keys: [SealingKey]

  /// Seals with `current`; opens with it and `previous`.
  public init(_ current: SealingKey, previous: [SealingKey] = []) {
    self.current = current
    keys = [current] + previous
  }

  /// Seals `plaintext`. `associated` names where it stands (tenant, object, field): sealed bytes moved elsewhere do not open.
  public func seal(_ plaintext: [UInt8], associated: [UInt8] = []) -> [UInt8] {
    let nonce = secureRandom(AESGCM.nonceLength)
    let head = [Self.version] + current.id + nonce
    return head
      + AESGCM.encrypt(key: current.bytes, nonce: nonce, plaintext: plaintext, associated: head + associated)
  }

  /// What was sealed; a Problem `sealed_unreadable` when it was changed or belongs elsewhere, `sealing_key_missing` when its key
  /// is not at hand.
  public func open(_ sealed: [UInt8], associated: [UInt8] = []) throws -> [UInt8] {
    guard sealed.count >= Self.headLength + AESGCM.tagLength, sealed[0] == Self.version else {
      throw Problem(.failure, code: "sealed_unreadable", "This is not sealed data.")
    }
    let id = Array(sealed[1..<1 + Self.idLength])
    guard let key = keys.first(where: { $0.id == id }) else {
      throw Problem(
        .failure, code: "sealing_key_missing", "The key \(Hex.encode(id)) that sealed this is not at hand.",
        fix: "Restore the key file of the data directory.")
    }
    let head = Array(sealed[..<Self.headLength])
    let plaintext = AESGCM.decrypt(
      key: key.bytes, nonce: Array(head[(1 + Self.idLength)...]), sealed: Array(sealed[Self.headLength...]),
      associated: head + associated)
    guard let plaintext else {
      throw Problem(.failure, code: "sealed_unreadable", "Sealed data was changed, or belongs to another object.")
    }
    return plaintext
  }

  /// True when data should be sealed again because an older key, or another layout, sealed it.
  public func needsResealing(_ sealed: [UInt8]) -> Bool {
    sealed.count < Self.headLength || sealed[0] != Self.version || Array(sealed[1..<1 + Self.idLength]) != current.id
  }
}
