// Tokens and the attacks on them: none, key confusion, expiry, foreign parties, other purposes, replay, size.
import Core
import Crypto
import XCTest

@testable import Identity

final class TokenTests: XCTestCase {
  private func forged(_ header: ObjectMap, _ claims: ObjectMap, _ signature: [UInt8]) -> String {
    [JSON.write(.object(header)), JSON.write(.object(claims)), signature].map { Base64URL.encode($0) }.joined(separator: ".")
  }

  func testAPairIsReadBack() async throws {
    let world = try IdentityWorld()
    let session = try await world.open()
    let pair = try await world.issuer.pair(session, account: world.account)
    let access = try await world.issuer.access(pair.access)
    XCTAssertEqual(access.account, world.account)
    XCTAssertEqual(access.session, session.id)
    let refresh = try await world.issuer.refresh(pair.refresh)
    XCTAssertEqual(refresh.sequence, 1)
    XCTAssertTrue(TokenIssuer.looksLikeToken(pair.access))
  }

  func testNeitherTokenIsTakenForTheOther() async throws {
    let world = try IdentityWorld()
    let pair = try await world.issuer.pair(try await world.open(), account: world.account)
    let first = await code { _ = try await world.issuer.access(pair.refresh) }
    let second = await code { _ = try await world.issuer.refresh(pair.access) }
    XCTAssertEqual(first, "bad_token")
    XCTAssertEqual(second, "bad_token")
  }

  func testForgedTokensAreRefused() async throws {
    let world = try IdentityWorld()
    let pair = try await world.issuer.pair(try await world.open(), account: world.account)
    let good = try JSONWebToken(pair.access)
    let (id, key) = try await world.ring.signer()
    let stranger = SigningKey.generate(.edDSA)
    func resigned(_ change: (inout ObjectMap) -> Void, type: String = TokenIssuer.accessType, by: SigningKey? = nil) -> String {
      var claims = good.claims
      change(&claims)
      return JSONWebToken.sign(claims, type: type, keyID: id, key: by ?? key)
    }
    await passes("the way that the others deviate from") { _ = try await world.issuer.access(resigned { _ in }) }
    let parts = pair.access.split(separator: ".").map(String.init)
    // A public key is no secret: an HMAC under it must not count.
    let hmac = { (input: String) in KeyedDigest.sha256.code(key: key.publicBytes, Array(input.utf8)) }
    let confused = Base64URL.encode(JSON.write(["alg": "HS256", "typ": "at+jwt", "kid": .string(id)])) + "." + parts[1]
    let attacks: [(String, String)] = [
      ("alg none, no signature", forged(["alg": "none", "typ": "at+jwt", "kid": .string(id)], good.claims, [])),
      ("alg none, some signature", forged(["alg": "none", "typ": "at+jwt", "kid": .string(id)], good.claims, [1, 2, 3])),
      ("alg None", forged(["alg": "nOnE", "typ": "at+jwt"], good.claims, [1])),
      ("HMAC under the public key", confused + "." + Base64URL.encode(hmac(confused))),
      ("another algorithm's name", forged(["alg": "ES256", "typ": "at+jwt", "kid": .string(id)], good.claims, good.signature)),
      ("a stranger's key", resigned({ _ in }, by: stranger)),
      (
        "a key in the header",
        JSONWebToken.sign(good.claims, type: "at+jwt", keyID: Base64URL.encode(stranger.publicBytes), key: stranger)
      ),
      ("changed claims", parts[0] + "." + Base64URL.encode(JSON.write(["sub": "root"])) + "." + parts[2]),
      ("no signature", parts[0] + "." + parts[1] + "."), ("two parts", parts[0] + "." + parts[1]),
      ("four parts", pair.access + ".x"), ("padding", pair.access + "="),
      (
        "a header to be understood",
        forged(["alg": "EdDSA", "typ": "at+jwt", "kid": .string(id), "crit": ["b64"], "b64": false], good.claims, good.signature)
      ),
      ("another issuer", resigned { $0["iss"] = "plumb:other" }), ("no issuer", resigned { $0["iss"] = nil }),
      ("another audience", resigned { $0["aud"] = "other" }), ("no audience", resigned { $0["aud"] = nil }),
      ("several audiences", resigned { $0["aud"] = ["plumb", "other"] }),
      ("not yet valid", resigned { $0["nbf"] = .int(Int(world.clock.now().seconds) + 100) }),
      ("issued in the future", resigned { $0["iat"] = .int(Int(world.clock.now().seconds) + 100) }),
      ("never expires", resigned { $0["exp"] = nil }), ("expires in a thousand years", resigned { $0["exp"] = 33_000_000_000 }),
      ("expiry as text", resigned { $0["exp"] = "2100-01-01" }), ("no subject", resigned { $0["sub"] = nil }),
      ("another type", resigned({ _ in }, type: "JWT")), ("oversized", pair.access + String(repeating: "A", count: 9000)),
      ("empty", ""), ("dots", ".."), ("no JSON", "eyJ.eyJ.eyJ"),
    ]
    for (name, token) in attacks {
      let found = await code { _ = try await world.issuer.access(token) }
      XCTAssertEqual(found, "bad_token", name)
    }
    world.clock.advance(TokenIssuer.accessLife)
    let late = await code { _ = try await world.issuer.access(pair.access) }
    XCTAssertEqual(late, "expired_token")
  }

  func testDuplicateClaimsAreRefused() {
    let head = Base64URL.encode(Array("{\"alg\":\"EdDSA\"}".utf8))
    let body = Base64URL.encode(Array("{\"sub\":\"a\",\"sub\":\"b\"}".utf8))
    XCTAssertThrowsError(try JSONWebToken("\(head).\(body).AAAA"))
  }

  func testKeysRotateWithoutAnyTokenFailing() async throws {
    let world = try IdentityWorld()
    let other = KeyRing(store: world.store, sealing: world.vault, clock: world.clock)
    let elsewhere = TokenIssuer(ring: other, issuer: "plumb:test", clock: world.clock)
    var ids: Set<String> = []
    var refreshes: [(token: String, until: Timestamp)] = []
    for _ in 0..<100 {
      let pair = try await world.issuer.pair(try await world.open(), account: world.account)
      ids.insert(try JSONWebToken(pair.access).keyID ?? "")
      refreshes.append((pair.refresh, world.clock.now() + TokenIssuer.refreshLife))
      // Another replica takes every token, at once and for as long as it lives.
      _ = try await elsewhere.access(pair.access)
      world.clock.advance(.seconds(86_400))
      for old in refreshes where old.until > world.clock.now() { _ = try await elsewhere.refresh(old.token) }
      let published = try await world.ring.published()["keys"].list ?? []
      XCTAssertLessThanOrEqual(published.count, 5)
    }
    XCTAssertGreaterThanOrEqual(ids.count, 3)
    XCTAssertLessThanOrEqual(ids.count, 5)
  }

  func testTwoReplicasMakeOneFirstKey() async throws {
    let world = try IdentityWorld()
    let other = KeyRing(store: world.store, sealing: world.vault, clock: world.clock)
    let a = try await world.ring.signer().id
    let b = try await other.signer().id
    XCTAssertEqual(a, b)
    let published = try await world.ring.published()
    XCTAssertFalse(JSON.text(published).contains("\"d\""), "a private half was published")
  }

  func testAnEmergencyEndsAllTokens() async throws {
    let world = try IdentityWorld()
    let pair = try await world.issuer.pair(try await world.open(), account: world.account)
    try await world.ring.replaceAll()
    let found = await code { _ = try await world.issuer.refresh(pair.refresh) }
    XCTAssertEqual(found, "bad_token")
    _ = try await world.issuer.pair(try await world.open(), account: world.account)
  }
}
