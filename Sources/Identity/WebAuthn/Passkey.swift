// Passkeys (WebAuthn level 2): registration of a key, and signing in with it. Pure: the caller keeps keys and challenges.
import Core
import Crypto

/// A registered key, as it is stored beside the account. Nothing in it is secret.
public struct Passkey: Sendable, Hashable {
  public var id: [UInt8]
  /// COSE, as the authenticator sent it.
  public var key: [UInt8]
  public var count: Int
  /// AAGUID: the model of the authenticator.
  public var model: [UInt8]
  public var isBackedUp: Bool

  public init(id: [UInt8], key: [UInt8], count: Int, model: [UInt8], isBackedUp: Bool) {
    self.id = id
    self.key = key
    self.count = count
    self.model = model
    self.isBackedUp = isBackedUp
  }
}

/// A site and what it demands.
public struct RelyingParty: Sendable, Hashable {
  /// A host name: `example.com`.
  public var id: String
  public var name: String
  /// `https://app.example.com`; compared whole.
  public var origins: Set<String>
  /// The person must have proved to be himself to the authenticator (PIN, finger): needed where a passkey is the only factor.
  public var needsVerification: Bool

  public init(id: String, name: String, origins: Set<String>, needsVerification: Bool = true) {
    self.id = id
    self.name = name
    self.origins = origins
    self.needsVerification = needsVerification
  }

  static let clientDataLimit = 4096

  /// Checks a registration's answer.
  /// - Parameters:
  ///   - challenge: the one that was sent with this registration; the caller uses it up.
  ///   - attestation: `attestationObject`. Statements are not judged (conveyance `none`): whichever authenticator it is, its key counts.
  /// - Throws: Problem of category invalid.
  public func register(challenge: [UInt8], clientData: [UInt8], attestation: [UInt8]) throws -> Passkey {
    try checkClientData(clientData, type: "webauthn.create", challenge: challenge)
    let object = try CBOR.read(attestation)
    guard object["fmt"]?.text != nil, case .map? = object["attStmt"], let raw = object["authData"]?.bytes else {
      throw Self.refused("The attestation is not complete.")
    }
    let data = try AuthenticatorData(raw)
    try check(data)
    guard let credential = data.credential else { throw Self.refused("The authenticator sent no key.") }
    _ = try COSEKey.read(credential.key)
    guard let bytes = Self.keyBytes(raw, idLength: credential.id.count) else { throw Self.refused("The key cannot be read.") }
    return Passkey(
      id: credential.id, key: bytes, count: Int(data.count), model: credential.model,
      isBackedUp: data.flags & AuthenticatorData.backedUp != 0)
  }

  /// Checks an assertion by `passkey`; returns it with its new count.
  /// - Throws: Problem of category unauthenticated.
  public func authenticate(
    _ passkey: Passkey, challenge: [UInt8], clientData: [UInt8], authenticatorData raw: [UInt8], signature: [UInt8]
  ) throws -> Passkey {
    do {
      try checkClientData(clientData, type: "webauthn.get", challenge: challenge)
      let data = try AuthenticatorData(raw)
      try check(data)
      let key = try COSEKey.read(try CBOR.read(passkey.key))
      guard key.verifies(encoded: signature, over: raw + Digest.sha256(clientData)) else {
        throw Self.refused("The signature does not hold.")
      }
      // A count that does not grow means a copy of the authenticator; 0 on both sides: it does not count.
      guard (data.count == 0 && passkey.count == 0) || Int(data.count) > passkey.count else {
        throw Self.refused("This key was copied, or its answer was sent before.")
      }
      var used = passkey
      used.count = Int(data.count)
      used.isBackedUp = data.flags & AuthenticatorData.backedUp != 0
      return used
    } catch let problem as Problem {
      throw Problem(.unauthenticated, code: problem.code, problem.message)
    }
  }

  private func check(_ data: AuthenticatorData) throws {
    guard constantTimeEqual(data.site, Digest.sha256(id)) else { throw Self.refused("The key belongs to another site.") }
    guard data.isPresent else { throw Self.refused("Nobody touched the authenticator.") }
    guard data.isVerified || !needsVerification else { throw Self.refused("The authenticator did not verify its user.") }
  }

  private func checkClientData(_ bytes: [UInt8], type: String, challenge: [UInt8]) throws {
    guard bytes.count <= Self.clientDataLimit, let data = (try? JSON.parse(bytes))?.object else {
      throw Self.refused("The client's data cannot be read.")
    }
    guard data["type"]?.string == type else { throw Self.refused("The answer is for another purpose.") }
    guard let sent = data["challenge"]?.string.flatMap({ Base64URL.decode($0) }), constantTimeEqual(sent, challenge) else {
      throw Self.refused("The challenge is not the one that was sent.")
    }
    guard let origin = data["origin"]?.string, origins.contains(origin), data["crossOrigin"]?.bool != true else {
      throw Self.refused("The answer comes from another site.")
    }
  }

  /// The bytes of the key within the authenticator's data.
  private static func keyBytes(_ raw: [UInt8], idLength: Int) -> [UInt8]? {
    let start = 37 + 18 + idLength
    guard start < raw.count, let (_, used) = try? CBOR.readFirst(Array(raw[start...])) else { return nil }
    return Array(raw[start..<start + used])
  }

  private static func refused(_ message: String) -> Problem { Problem(.invalid, code: "passkey_refused", message) }
}
