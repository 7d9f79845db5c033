// What an authenticator says of itself and of the person before it (WebAuthn, section 6.1).
import Core
import Crypto

struct AuthenticatorData: Sendable {
  static let userPresent: UInt8 = 1
  static let userVerified: UInt8 = 4
  static let backupEligible: UInt8 = 8
  static let backedUp: UInt8 = 16
  private static let hasCredential: UInt8 = 64
  private static let hasExtensions: UInt8 = 128
  private static let idLimit = 1023

  /// SHA-256 of the id of the site.
  let site: [UInt8]
  let flags: UInt8
  /// Signatures made so far; 0 where the authenticator does not count.
  let count: UInt32
  let credential: (id: [UInt8], model: [UInt8], key: CBOR)?

  var isPresent: Bool { flags & Self.userPresent != 0 }
  var isVerified: Bool { flags & Self.userVerified != 0 }

  /// Throws Problem `bad_authenticator_data` or `bad_cbor`. Every byte must be accounted for.
  init(_ bytes: [UInt8]) throws {
    guard bytes.count >= 37 else { throw Self.bad }
    site = Array(bytes[..<32])
    flags = bytes[32]
    count = bytes[33..<37].reduce(0) { $0 << 8 | UInt32($1) }
    var at = 37
    if flags & Self.hasCredential != 0 {
      guard bytes.count >= at + 18 else { throw Self.bad }
      let model = Array(bytes[at..<at + 16])
      let length = Int(bytes[at + 16]) << 8 | Int(bytes[at + 17])
      at += 18
      guard (1...Self.idLimit).contains(length), bytes.count >= at + length else { throw Self.bad }
      let id = Array(bytes[at..<at + length])
      at += length
      let (key, used) = try CBOR.readFirst(Array(bytes[at...]))
      at += used
      credential = (id, model, key)
    } else {
      credential = nil
    }
    if flags & Self.hasExtensions != 0 {
      let (extensions, used) = try CBOR.readFirst(Array(bytes[at...]))
      guard case .map = extensions else { throw Self.bad }
      at += used
    }
    // What is not backed up cannot be (section 6.1.3).
    guard at == bytes.count, flags & Self.backedUp == 0 || flags & Self.backupEligible != 0 else { throw Self.bad }
  }

  private static var bad: Problem {
    Problem(.invalid, code: "bad_authenticator_data", "What the authenticator said of itself cannot be read.")
  }
}
