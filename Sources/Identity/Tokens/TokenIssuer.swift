// Access and refresh tokens of sessions: written, and read back.
import Core
import Crypto

/// Which session a valid token belongs to.
public struct SessionToken: Sendable, Hashable {
  public var account: UID
  public var session: UID
  /// Refresh tokens: which use of the session it is good for.
  public var sequence: Int
  public var realm: String
  public var expires: Timestamp
}

/// Two kinds of token, told apart by their type header: neither is taken for the other.
public struct TokenIssuer: Sendable {
  public static let accessLife = Duration.seconds(15 * 60)
  public static let refreshLife = Duration.seconds(30 * 86_400)
  static let accessType = "at+jwt"
  static let refreshType = "rt+jwt"
  static let audience = "plumb"

  let ring: KeyRing
  let issuer: String
  let clock: any Clock

  /// - Parameter issuer: names the installation: tokens of another one are refused.
  public init(ring: KeyRing, issuer: String, clock: any Clock) {
    self.ring = ring
    self.issuer = issuer
    self.clock = clock
  }

  /// Whether a credential looks like a token at all, so that API keys take the shorter way.
  public static func looksLikeToken(_ text: String) -> Bool { text.hasPrefix("eyJ") }

  /// A pair for one use of a session.
  public func pair(_ session: Session, account: UID) async throws -> (access: String, refresh: String) {
    let (id, key) = try await ring.signer()
    let now = clock.now()
    var claims: ObjectMap = [
      "iss": .string(issuer), "aud": .string(Self.audience), "sub": .string(account.description),
      "sid": .string(session.id.description), "realm": .string(session.realm), "iat": .int(Int(now.seconds)),
      "nbf": .int(Int(now.seconds)), "exp": .int(Int((now + Self.accessLife).seconds)),
      "jti": .string(randomToken(length: 16)),
    ]
    let access = JSONWebToken.sign(claims, type: Self.accessType, keyID: id, key: key)
    claims["seq"] = .int(session.sequence)
    claims["jti"] = .string(randomToken(length: 16))
    claims["exp"] = .int(Int(session.expires.seconds))
    return (access, JSONWebToken.sign(claims, type: Self.refreshType, keyID: id, key: key))
  }

  public func access(_ text: String) async throws -> SessionToken { try await read(text, type: Self.accessType) }
  public func refresh(_ text: String) async throws -> SessionToken { try await read(text, type: Self.refreshType) }

  private func read(_ text: String, type: String) async throws -> SessionToken {
    let token = try JSONWebToken(text)
    guard token.type == type else { throw JSONWebToken.bad("This token is for another purpose.") }
    try token.verify(try await ring.keys(for: token.keyID))
    try ClaimCheck(issuers: [issuer], audience: Self.audience).check(token.claims, at: clock.now())
    guard let account = token.claims["sub"]?.string.flatMap({ UID($0) }),
      let session = token.claims["sid"]?.string.flatMap({ UID($0) }), let expires = token.claims["exp"]?.int
    else { throw JSONWebToken.bad("The token names no session.") }
    return SessionToken(
      account: account, session: session, sequence: token.claims["seq"]?.int ?? 0, realm: token.claims["realm"]?.string ?? "",
      expires: Timestamp(seconds: Double(expires)))
  }
}
