// What the claims of a verified token must say: from whom, for whom, when.
import Core

public struct ClaimCheck: Sendable {
  public var issuers: [String]
  public var audience: String
  /// How far the clocks of two parties may differ. Zero for our own tokens.
  public var leeway: Duration
  /// Longest life that is believed, whatever `exp` says.
  public var longest: Duration

  public init(issuers: [String], audience: String, leeway: Duration = .zero, longest: Duration = .seconds(90 * 86_400)) {
    self.issuers = issuers
    self.audience = audience
    self.leeway = leeway
    self.longest = longest
  }

  /// Throws Problem `bad_token`, or `expired_token`.
  public func check(_ claims: ObjectMap, at now: Timestamp) throws {
    guard let issuer = claims["iss"]?.string, issuers.contains(issuer) else {
      throw JSONWebToken.bad("The token comes from another issuer.")
    }
    let audiences = claims["aud"]?.list?.compactMap(\.string) ?? claims["aud"]?.string.map { [$0] } ?? []
    guard audiences.contains(audience) else { throw JSONWebToken.bad("The token is meant for somebody else.") }
    // With several audiences the one that asked is named apart (OpenID Connect Core 3.1.3.7).
    if audiences.count > 1 || claims.has("azp"), claims["azp"]?.string != audience {
      throw JSONWebToken.bad("The token was given to somebody else.")
    }
    guard let expires = time(claims, "exp") else { throw JSONWebToken.bad("The token does not say when it expires.") }
    guard now < expires + leeway else {
      throw Problem(.unauthenticated, code: "expired_token", "The token has expired.")
    }
    if let start = time(claims, "nbf"), now + leeway < start { throw JSONWebToken.bad("The token is not valid yet.") }
    guard let issued = time(claims, "iat"), issued <= now + leeway else {
      throw JSONWebToken.bad("The token was issued in the future, or does not say when.")
    }
    guard expires - issued <= longest else { throw JSONWebToken.bad("The token claims to be good for too long.") }
  }

  private func time(_ claims: ObjectMap, _ name: String) -> Timestamp? {
    guard let seconds = claims[name]?.double, seconds >= 0, seconds < 1e11 else { return nil }
    return Timestamp(seconds: seconds)
  }
}
