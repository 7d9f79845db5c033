// OpenID Connect logins against a provider that refuses what a real one would.
import Core
import Crypto
import Foundation
import XCTest

@testable import Identity

/// Signs people in: keeps codes with what they were asked for, and gives an id token only to the client that asked.
final class StandInProvider: FederationHTTP, @unchecked Sendable {
  static let base = "https://id.example.com"
  private let lock = NSLock()
  private var codes: [String: [String: String]] = [:]
  private(set) var keyReads = 0
  var key = SigningKey.generate(.rs256)
  var keyID = "k1"
  var isDown = false
  /// Changes the claims before they are signed.
  var tamper: (inout ObjectMap) -> Void = { _ in }
  let clock: StillClock
  init(_ clock: StillClock) { self.clock = clock }

  /// What the browser does at the provider: signs in, and comes back with a code.
  func visit(_ url: String) throws -> (state: String, code: String) {
    let parts = URLComponents(string: url)
    let query = Dictionary((parts?.queryItems ?? []).map { ($0.name, $0.value ?? "") }, uniquingKeysWith: { _, last in last })
    guard parts?.host == "id.example.com", query["response_type"] == "code", query["client_id"] == "client",
      query["redirect_uri"] == "https://plumb.example.com/callback", query["scope"]?.contains("openid") == true,
      query["code_challenge_method"] == "S256", let state = query["state"], state.count >= 20, query["nonce"]?.isEmpty == false
    else { throw Problem(.invalid, code: "authorize", "refused: \(url)") }
    let code = randomToken(length: 20)
    lock.withLock { codes[code] = query }
    return (state, code)
  }

  func send(_ url: String, form: [(String, String)]?, headers: [(String, String)]) async throws -> FederationResponse {
    if isDown { throw Problem(.unavailable, code: "provider", "down") }
    if url == Self.base + "/oauth2/v3/certs", form == nil {
      lock.withLock { keyReads += 1 }
      return FederationResponse(
        status: 200, body: JSON.write(["keys": [["kty": "oct", "kid": "hmac", "k": "AAAA"], published]]))
    }
    let sent = Dictionary(form ?? [], uniquingKeysWith: { _, last in last })
    let asked = lock.withLock { codes.removeValue(forKey: sent["code"] ?? "") }
    guard url == Self.base + "/token", sent["grant_type"] == "authorization_code", sent["client_id"] == "client",
      sent["client_secret"] == "hush",
      let asked, sent["redirect_uri"] == asked["redirect_uri"],
      Base64URL.encode(Digest.sha256(sent["code_verifier"] ?? "")) == asked["code_challenge"]
    else { return FederationResponse(status: 400, body: Array("{\"error\":\"invalid_grant\"}".utf8)) }
    let now = Int(clock.now().seconds)
    var claims: ObjectMap = [
      "iss": .string(Self.base), "aud": "client", "sub": "1234", "email": "ada@example.com", "email_verified": true,
      "name": "Ada",
      "nonce": .string(asked["nonce"] ?? ""), "iat": .int(now), "exp": .int(now + 3600), "azp": "client",
    ]
    tamper(&claims)
    return FederationResponse(
      status: 200, body: JSON.write(["id_token": .string(JSONWebToken.sign(claims, type: "JWT", keyID: keyID, key: key))]))
  }

  /// The modulus stands at a fixed place in the DER of a 2048-bit key.
  private var published: Value {
    [
      "kty": "RSA", "use": "sig", "alg": "RS256", "kid": .string(keyID),
      "n": .string(Base64URL.encode(key.publicEncoded[33..<289])), "e": "AQAB",
    ]
  }
}

final class OpenIDTests: XCTestCase {
  private struct Scene {
    let world: IdentityWorld
    let provider: StandInProvider
    let login: OpenIDLogin
    let settings: OpenIDProvider

    init() throws {
      world = try IdentityWorld()
      provider = StandInProvider(world.clock)
      login = OpenIDLogin(
        tokens: world.tokens, http: provider, keys: ProviderKeys(http: provider, clock: world.clock), clock: world.clock)
      settings = .google(
        clientID: "client", clientSecret: "hush", redirectURL: "https://plumb.example.com/callback", base: StandInProvider.base)
    }

    func signIn() async throws -> FederatedPerson {
      let start = try await login.begin(settings)
      let back = try provider.visit(start.url)
      return try await login.finish(settings, state: back.state, code: back.code, binding: start.binding)
    }
  }

  func testALoginFromEndToEnd() async throws {
    let scene = try Scene()
    let person = try await scene.signIn()
    XCTAssertEqual(
      person,
      FederatedPerson(provider: "google", subject: "1234", email: "ada@example.com", emailVerified: true, name: "Ada"))
  }

  func testStateIsBoundToTheBrowserAndGoodOnce() async throws {
    let scene = try Scene()
    let start = try await scene.login.begin(scene.settings)
    let back = try scene.provider.visit(start.url)
    let stolen = await code {
      _ = try await scene.login.finish(scene.settings, state: back.state, code: back.code, binding: "another browser")
    }
    XCTAssertEqual(stolen, "bad_state")
    let after = await code {
      _ = try await scene.login.finish(scene.settings, state: back.state, code: back.code, binding: start.binding)
    }
    XCTAssertEqual(after, "bad_state", "a state that was tried is used up")
    for state in ["", "unknown", String(repeating: "x", count: 5000)] {
      let found = await code { _ = try await scene.login.finish(scene.settings, state: state, code: "x", binding: start.binding) }
      XCTAssertEqual(found, "bad_state")
    }
  }

  func testACodeOfAnotherLoginIsRefused() async throws {
    let scene = try Scene()
    let mine = try await scene.login.begin(scene.settings)
    let theirs = try await scene.login.begin(scene.settings)
    let back = try scene.provider.visit(mine.url)
    let stolen = try scene.provider.visit(theirs.url)
    // PKCE: the provider sees that the verifier does not fit the code.
    let found = await code {
      _ = try await scene.login.finish(scene.settings, state: back.state, code: stolen.code, binding: mine.binding)
    }
    XCTAssertEqual(found, "provider_refused")
  }

  func testTokensThatAreNotForThisLoginAreRefused() async throws {
    let scene = try Scene()
    let now = Int(scene.world.clock.now().seconds)
    let attacks: [(String, (inout ObjectMap) -> Void)] = [
      ("issuer", { $0["iss"] = "https://evil.example.com" }), ("audience", { $0["aud"] = "another client" }),
      (
        "several audiences",
        {
          $0["aud"] = ["client", "other"]
          $0["azp"] = "other"
        }
      ),
      ("given to another", { $0["azp"] = "other" }), ("nonce", { $0["nonce"] = "other" }), ("no nonce", { $0["nonce"] = nil }),
      ("not yet", { $0["nbf"] = .int(now + 600) }), ("future", { $0["iat"] = .int(now + 600) }),
      ("no subject", { $0["sub"] = nil }), ("no address", { $0["email"] = nil }),
      ("too long", { $0["exp"] = .int(now + 10_000_000) }),
    ]
    for (name, tamper) in attacks {
      scene.provider.tamper = tamper
      let found = await code { _ = try await scene.signIn() }
      XCTAssertEqual(found, "bad_token", name)
    }
    scene.provider.tamper = { $0["exp"] = .int(now - 100) }
    let expired = await code { _ = try await scene.signIn() }
    XCTAssertEqual(expired, "expired_token")
    scene.provider.tamper = { $0["email_verified"] = nil }
    let unverified = try await scene.signIn()
    XCTAssertFalse(unverified.emailVerified)
  }

  func testKeysAreCachedRenewedAndAskedForSparingly() async throws {
    let scene = try Scene()
    for _ in 0..<5 { _ = try await scene.signIn() }
    XCTAssertEqual(scene.provider.keyReads, 1)
    scene.provider.key = SigningKey.generate(.rs256)
    scene.provider.keyID = "k2"
    // Within the patience an unknown key is refused without asking.
    for _ in 0..<5 {
      let found = await code { _ = try await scene.signIn() }
      XCTAssertEqual(found, "bad_token")
    }
    XCTAssertEqual(scene.provider.keyReads, 1)
    scene.world.clock.advance(ProviderKeys.patience)
    _ = try await scene.signIn()
    XCTAssertEqual(scene.provider.keyReads, 2)
    scene.world.clock.advance(.seconds(600))
    scene.provider.isDown = true
    let down = await code { _ = try await scene.signIn() }
    XCTAssertEqual(down, "provider")
  }
}
