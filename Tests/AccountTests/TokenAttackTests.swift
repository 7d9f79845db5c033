// What attackers do to tokens, over HTTP: forged, confused, expired, foreign, replayed. None opens anything.
import Core
import Crypto
import Foundation
import Identity
import TestSupport
import XCTest

final class TokenAttackTests: XCTestCase {
  private let me = "\(Trial.deploy)/auth/me"

  private func signedIn(_ trial: Trial) throws -> (email: String, access: String, refresh: String) {
    let email = "attack-\(trial.mark())@example.com"
    let made = try trial.call(
      "POST", "\(Trial.deploy)/auth/register", ["email": .string(email), "password": "secureP@ss1", "displayName": "A"], 201)
    return (email, made["accessToken"].string ?? "", made["refreshToken"].string ?? "")
  }

  private func parts(_ token: String) throws -> (header: ObjectMap, claims: ObjectMap, signature: String) {
    let parts = token.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    func object(_ text: String) throws -> ObjectMap {
      try XCTUnwrap((try JSON.parse(try XCTUnwrap(Base64URL.decode(text)))).object)
    }
    return (try object(parts[0]), try object(parts[1]), parts[2])
  }

  private func joined(_ header: ObjectMap, _ claims: ObjectMap) -> String {
    Base64URL.encode(JSON.write(.object(header))) + "." + Base64URL.encode(JSON.write(.object(claims)))
  }

  func testTheTokenItselfWorks() throws {
    let trial = try Trial.shared.get()
    let (_, access, _) = try signedIn(trial)
    try trial.call("GET", me, token: access, 200)
    let keys = try trial.call("GET", "/.well-known/jwks.json", nil, 200)
    XCTAssertEqual(keys["keys"].list?.first?["alg"], "EdDSA")
    XCTAssertNil(keys["keys"].list?.first?["d"].string, "the private half is published")
  }

  func testForgedAndConfusedTokensAreRefused() throws {
    let trial = try Trial.shared.get()
    let (_, access, refresh) = try signedIn(trial)
    let (header, claims, signature) = try parts(access)
    var forged: [(String, String)] = []
    for algorithm in ["none", "None", "NONE", ""] {
      var head = header
      head["alg"] = .string(algorithm)
      forged.append(("alg \(algorithm), no signature", joined(head, claims) + "."))
      forged.append(("alg \(algorithm), old signature", joined(head, claims) + "." + signature))
    }
    // The public key as the secret of an HMAC: as it is published, as its raw bytes.
    let published = try trial.call("GET", "/.well-known/jwks.json", nil, 200)["keys"].list?.first { $0["kid"] == header["kid"] }
    let x = try XCTUnwrap(published?["x"].string)
    for (name, secret) in [("text", Array(x.utf8)), ("bytes", Base64URL.decode(x) ?? [])] {
      var head = header
      head["alg"] = "HS256"
      let input = joined(head, claims)
      forged.append(
        ("HMAC by the public key (\(name))", input + "." + Base64URL.encode(Digest.hmacSHA256(key: secret, Array(input.utf8)))))
    }
    // A key of the attacker's: under our key's name, under its own, and brought along in the header.
    let own = SigningKey.generate(.edDSA)
    let kid = header["kid"]?.string ?? ""
    forged.append(("another key", JSONWebToken.sign(claims, type: "at+jwt", keyID: kid, key: own)))
    forged.append(("an unknown key", JSONWebToken.sign(claims, type: "at+jwt", keyID: "mine", key: own)))
    var carried = header
    carried["jwk"] = ["kty": "OKP", "crv": "Ed25519", "x": .string(Base64URL.encode(own.publicBytes))]
    let input = joined(carried, claims)
    forged.append(("a key in the header", input + "." + Base64URL.encode(own.sign(Array(input.utf8)))))
    var critical = header
    critical["crit"] = ["exp"]
    forged.append(("an extension", joined(critical, claims) + "." + signature))
    // Claims that were changed under a good signature.
    for (name, value) in [("sub", Value.string(UUID().uuidString.lowercased())), ("exp", 99_999_999_999), ("realm", "customer")] {
      var changed = claims
      changed[name] = value
      forged.append(("changed \(name)", joined(header, changed) + "." + signature))
    }
    forged.append(("a refresh token as access token", refresh))
    forged.append(("cut off", String(access.dropLast(8))))
    forged.append(("two signatures", access + "." + signature))
    forged.append(("long", access + String(repeating: "A", count: 9000)))
    forged.append(("not even JSON", "eyJhbGciOiJub25lIn0.AAAA.AAAA"))
    for (name, token) in forged {
      let answer = try trial.send("GET", me, token: token)
      XCTAssertTrue([401, 431].contains(answer.status), "\(name): \(answer.description)")
    }
  }

  func testTokensOfAnotherInstallationAreRefused() throws {
    let trial = try Trial.shared.get()
    let (_, access, _) = try signedIn(trial)
    let other = try CaseServer(resolver: 9)
    defer { other.stop() }
    let http = CaseHTTP(port: other.port)
    let body: Value = ["email": "other@example.com", "password": "secureP@ss1", "displayName": "O"]
    let made = try http.send(
      CaseRequest(
        "POST", "\(Trial.deploy)/auth/register", headers: [("Content-Type", "application/json")], body: JSON.write(body)))
    XCTAssertEqual(made.status, 201)
    try trial.call("GET", me, token: made.json["accessToken"].string, 401)
    let there = try http.send(CaseRequest("GET", me, headers: [("Authorization", "Bearer \(access)")]))
    XCTAssertEqual(there.status, 401)
  }

  func testARefreshTokenThatIsUsedTwiceEndsTheChainAndIsAudited() throws {
    let trial = try Trial.shared.get()
    let (email, _, first) = try signedIn(trial)
    func refresh(_ token: String, _ status: Int) throws -> Value {
      try trial.call("POST", "\(Trial.deploy)/auth/refresh", ["refreshToken": .string(token)], status)
    }
    let second = try refresh(first, 200)
    let third = try refresh(second["refreshToken"].string ?? "", 200)
    // The thief comes late with the first one: all that followed from it is void.
    _ = try refresh(first, 401)
    _ = try refresh(third["refreshToken"].string ?? "", 401)
    try trial.call("GET", me, token: third["accessToken"].string, 401)
    XCTAssertTrue(try trial.audited(email).contains("session.replayed"))
  }

  func testOfManyUsesOfOneRefreshTokenAtOnceAtMostOneSucceeds() throws {
    let trial = try Trial.shared.get()
    let (_, _, token) = try signedIn(trial)
    let results = Results()
    DispatchQueue.concurrentPerform(iterations: 8) { _ in
      let answer = try? trial.send("POST", "\(Trial.deploy)/auth/refresh", ["refreshToken": .string(token)])
      results.add(answer?.status ?? 0)
    }
    XCTAssertLessThanOrEqual(results.all.filter { $0 == 200 }.count, 1, "\(results.all)")
    XCTAssertTrue(results.all.allSatisfy { [200, 401].contains($0) }, "\(results.all)")
  }

  func testOneTimeTokensOfOnePurposeOpenNothingElse() throws {
    let trial = try Trial.shared.get()
    let (email, _, _) = try signedIn(trial)
    let verify = try trial.mailed(email)
    try trial.call("POST", "\(Trial.deploy)/auth/reset-password", ["token": .string(verify), "newPassword": "stolenP@ss1"], 400)
    try trial.call("POST", "/trial/staff/magic-link/use", ["token": .string(verify)], 400)
    try trial.call("POST", "\(Trial.deploy)/auth/verify-email", ["token": .string(verify)], 200)
    try trial.call("POST", "\(Trial.deploy)/auth/verify-email", ["token": .string(verify)], 400)
    // Of many uses at once one succeeds.
    try trial.call("POST", "\(Trial.deploy)/auth/forgot-password", ["email": .string(email)], 200)
    let reset = try trial.mailed(email, count: 2)
    let results = Results()
    DispatchQueue.concurrentPerform(iterations: 6) { n in
      let body: Value = ["token": .string(reset), "newPassword": .string("changedP@ss\(n)")]
      results.add((try? trial.send("POST", "\(Trial.deploy)/auth/reset-password", body))?.status ?? 0)
    }
    XCTAssertEqual(results.all.filter { $0 == 200 }.count, 1, "\(results.all)")
    XCTAssertTrue(try trial.audited(email).contains("user.password_reset"))
  }
}
