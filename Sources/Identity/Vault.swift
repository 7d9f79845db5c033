// The installation's secrets: what is sealed, hashed, minted. One key, kept in a file beside the data.
import Core
import Crypto
import Foundation
import Ports

/// Seals with AES-256-GCM under the installation's key; hashes high-entropy tokens with SHA-256 and passwords with scrypt.
public final class Vault: SecretSealing, Minting, @unchecked Sendable {
  private let sealer: Sealer
  private let digestKey: [UInt8]
  private let hasher: PasswordHasher
  private let random: any RandomSource

  /// - Parameter key: 32 bytes; digests use a key derived from it, so that neither can stand in for the other.
  public init(key: [UInt8], random: any RandomSource = SystemRandom()) throws {
    sealer = Sealer(try SealingKey(key))
    digestKey = Digest.hmacSHA256(key: key, Array("plumb secret digest".utf8))
    hasher = PasswordHasher()
    self.random = random
  }

  /// A key for purposes of its own, such as sealing cursors.
  public func derivedKey(_ purpose: String) -> [UInt8] { Digest.hmacSHA256(key: digestKey, Array(purpose.utf8)) }

  // Minting
  public func uid(at now: Timestamp) -> UID {
    var generator = RandomGenerator(random)
    return UID(at: now, random: &generator)
  }
  public func token(prefix: String, length: Int) -> String { prefix + Crypto.randomToken(length: length) }
  public func hash(_ plain: String) -> Value { ["$hash": .string(hash(plain)), "hint": SecretForm.hint(of: plain)] }
  public func seal(_ plain: String, context: String) throws -> Value {
    let sealed: String = try seal(plain, context: context)
    let digest = Digest.hmacSHA256(key: digestKey, Array((context + "\0" + plain).utf8))
    return ["$sealed": .string(sealed), "$digest": .string(Hex.encode(digest)), "hint": SecretForm.hint(of: plain)]
  }

  // SecretSealing
  public func seal(_ plain: String, context: String) throws -> String {
    Data(sealer.seal(Array(plain.utf8), associated: Array(context.utf8))).base64EncodedString()
  }
  public func open(_ sealed: String, context: String) throws -> String {
    guard let data = Data(base64Encoded: sealed) else {
      throw Problem(.failure, code: "sealed", "A stored secret is damaged.")
    }
    return String(decoding: try sealer.open([UInt8](data), associated: Array(context.utf8)), as: UTF8.self)
  }
  public func hash(_ plain: String) -> String { Digest.sha256Hex(Array(plain.utf8)) }
  public func hashPassword(_ plain: String) async throws -> String { try await hasher.hash(plain).text }
  public func verifyPassword(_ plain: String, hash: String) async throws -> Bool { try await hasher.verify(plain, against: hash) }
  public func randomToken(prefix: String, length: Int) -> String { token(prefix: prefix, length: length) }
}
