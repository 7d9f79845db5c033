// A login at an OpenID Connect provider: code flow with state, nonce and PKCE (RFC 7636, RFC 9700).
import Core
import Crypto

/// What is kept between leaving for the provider and coming back: in the store, under the hash of `state`, used once.
public struct OpenIDLogin: Sendable {
  public static let codeLimit = 2048
  static let clockLeeway = Duration.seconds(60)
  static let longestToken = Duration.seconds(24 * 3600)

  let tokens: OneTimeTokens
  let http: any FederationHTTP
  let keys: ProviderKeys
  let clock: any Clock

  public init(tokens: OneTimeTokens, http: any FederationHTTP, keys: ProviderKeys, clock: any Clock) {
    self.tokens = tokens
    self.http = http
    self.keys = keys
    self.clock = clock
  }

  /// Where to send the browser. `binding` comes back with the same browser (a cookie): a login that another browser began is not taken
  /// over by this one.
  public func begin(_ provider: OpenIDProvider) async throws -> (url: String, binding: String) {
    let nonce = randomToken(length: 32)
    let verifier = randomToken(length: 64)
    let binding = randomToken(length: 32)
    let state = try await tokens.make(
      .federation,
      [
        "provider": .string(provider.name), "nonce": .string(nonce), "verifier": .string(verifier),
        "binding": .string(Digest.sha256Hex(Array(binding.utf8))),
      ])
    let challenge = Base64URL.encode(Digest.sha256(verifier))
    let query = FormText.encode([
      ("response_type", "code"), ("client_id", provider.clientID), ("redirect_uri", provider.redirectURL),
      ("scope", provider.scopes.joined(separator: " ")), ("state", state), ("nonce", nonce), ("code_challenge", challenge),
      ("code_challenge_method", "S256"), ("access_type", "online"), ("prompt", "select_account"),
    ])
    return (provider.authorizationURL + "?" + query, binding)
  }

  /// Trades the code that the browser brought back. Throws Problem: `bad_state` (invalid), `provider_refused`, `bad_token`
  /// (unauthenticated), `unavailable`.
  public func finish(_ provider: OpenIDProvider, state: String, code: String, binding: String?) async throws -> FederatedPerson {
    guard code.utf8.count <= Self.codeLimit, let kept = try await tokens.take(.federation, state),
      kept["provider"].string == provider.name,
      let nonce = kept["nonce"].string, let verifier = kept["verifier"].string,
      constantTimeEqual(Array((kept["binding"].string ?? "").utf8), Array(Digest.sha256Hex(Array((binding ?? "").utf8)).utf8))
    else {
      throw Problem(.invalid, code: "bad_state", "This login was not begun here, or is over.", fix: "Begin again.")
    }
    let answer = try await http.send(
      provider.tokenURL,
      form: [
        ("grant_type", "authorization_code"), ("code", code), ("redirect_uri", provider.redirectURL),
        ("client_id", provider.clientID), ("client_secret", provider.clientSecret), ("code_verifier", verifier),
      ], headers: [("Accept", "application/json")])
    guard answer.status == 200, let text = (try? JSON.parse(answer.body))?["id_token"].string else {
      throw Problem(.unauthenticated, code: "provider_refused", "The provider did not confirm the login.", fix: "Begin again.")
    }
    return try await person(provider, token: text, nonce: nonce)
  }

  func person(_ provider: OpenIDProvider, token text: String, nonce: String) async throws -> FederatedPerson {
    let token = try JSONWebToken(text)
    try token.verify(try await keys.keys(provider, for: token.keyID))
    try ClaimCheck(
      issuers: provider.issuers, audience: provider.clientID, leeway: Self.clockLeeway, longest: Self.longestToken
    ).check(token.claims, at: clock.now())
    guard let sent = token.claims["nonce"]?.string, constantTimeEqual(Array(sent.utf8), Array(nonce.utf8)) else {
      throw JSONWebToken.bad("The token belongs to another login.")
    }
    guard let subject = token.claims["sub"]?.string, !subject.isEmpty, subject.utf8.count <= 255,
      let email = token.claims["email"]?.string, email.utf8.count <= 254
    else { throw JSONWebToken.bad("The token does not say who it is about.") }
    let verified = token.claims["email_verified"]?.bool ?? (token.claims["email_verified"]?.string == "true")
    return FederatedPerson(
      provider: provider.name, subject: subject, email: email, emailVerified: verified, name: token.claims["name"]?.string)
  }
}
