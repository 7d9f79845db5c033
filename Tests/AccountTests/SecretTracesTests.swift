// Secrets of every way to sign in are planted, used and misused; then everything that the server shows and keeps is searched for them.
import Core
import Crypto
import Foundation
import Identity
import TestSupport
import XCTest

final class SecretTracesTests: XCTestCase {
  func testNoSecretOfSigningInIsKeptInClearOrShown() throws {
    let trial = try Trial.shared.get()
    let mark = trial.mark()
    let email = "traces-\(mark)@example.com"
    let password = "pLanted-\(mark)!7"
    var secrets: [(String, String)] = [
      ("password", password), ("gateway token", TextGatewayStandIn.token), ("client secret", OpenIDStandIn.secret),
    ]
    func plant(_ name: String, _ text: String?) throws -> String {
      let text = try XCTUnwrap(text, name)
      XCTAssertGreaterThan(text.count, 9, name)
      secrets.append((name, text))
      return text
    }
    let made = try trial.call(
      "POST", "/trial/staff/register", ["email": .string(email), "password": .string(password), "displayName": "T"], 200)
    let access = try plant("access token", made["accessToken"].string)
    let refresh = try plant("refresh token", made["refreshToken"].string)
    let verification = try plant("verification token", try trial.mailed(email))
    try trial.call("POST", "/trial/staff/verify-email", ["token": .string(verification)], 200)
    let setUp = try trial.call("POST", "/trial/staff/me/totp", token: access, 200)
    let seed = try XCTUnwrap(Base32.decode(try plant("TOTP seed", setUp["secret"].string)))
    _ = try plant("TOTP seed, base64", Base64.encode(seed))
    _ = try plant("TOTP seed, hexadecimal", Hex.encode(seed))
    let app = TimeCode(secret: seed)
    let code = app.code(step: app.step(at: Timestamp(seconds: Date().timeIntervalSince1970)))
    let confirmed = try trial.call("POST", "/trial/staff/me/totp/confirm", ["code": .string(code)], token: access, 200)
    let recovery = (confirmed["recoveryCodes"].list ?? []).compactMap(\.string)
    for (n, code) in recovery.enumerated() {
      _ = try plant("recovery code \(n)", code)
      _ = try plant("recovery code \(n) without dash", code.filter { $0 != "-" })
      _ = try plant("hash of recovery code \(n)", RecoveryCodes.hash(code, account: accountID(trial, email)))
    }
    let login = try trial.call("POST", "/trial/staff/login", ["email": .string(email), "password": .string(password)], 200)
    let challenge = try plant("challenge", login["challenge"].string)
    try trial.call("POST", "/trial/staff/second-factor", ["challenge": .string(challenge), "code": "wrong"], 401)
    let second = try trial.call(
      "POST", "/trial/staff/second-factor", ["challenge": .string(challenge), "code": .string(recovery[0])], 200)
    _ = try plant("second access token", second["accessToken"].string)
    try trial.call("POST", "/trial/staff/magic-link", ["email": .string(email)], 200)
    _ = try plant("magic link", try trial.mailed(email, count: 2))
    let options = try trial.call("POST", "/trial/staff/me/passkeys/options", token: access, 200)
    _ = try plant("passkey challenge", options["publicKey"]["challenge"].string)
    _ = try plant(
      "passkey challenge as it is",
      Base64URL.decode(options["publicKey"]["challenge"].string ?? "").map { String(decoding: $0, as: UTF8.self) })
    try trial.call("POST", "/trial/staff/refresh", ["refreshToken": .string(refresh)], 200)
    try trial.call("POST", "/trial/staff/refresh", ["refreshToken": .string(refresh)], 401)
    // Secrets where they do not belong: in addresses, in names of things, in broken bodies.
    _ = try trial.send(
      "GET", "\(Trial.deploy)/auth/google/callback?state=\(challenge)&code=\(plant("code", "planted-code-\(mark)"))")
    _ = try trial.send("POST", "/trial/staff/login", ["email": .string(email), "password": [.string(password)]])
    _ = try trial.send("POST", "/trial/staff/refresh", ["refreshToken": .string(try plant("bad refresh", "eyJplanted\(mark)"))])
    _ = try trial.send("GET", "/plumb/v1/kinds", token: try plant("bad bearer", "lsk_planted\(mark)"))
    let all = try trial.server.everything(
      tenants: ["root"], alsoKinds: ["Authenticator", "OutgoingMail", "ConfigVariable"], named: email)
    for (name, secret) in secrets {
      for (place, text) in all where text.contains(secret) { XCTFail("\(place) tells the \(name)") }
    }
    XCTAssertTrue(all.contains { $0.place == "the database" && $0.text.contains(email) }, "what is searched is not there at all")
    XCTAssertTrue(all.contains { $0.place.contains("Authenticator/") })
  }

  private func accountID(_ trial: Trial, _ email: String) throws -> String {
    let found = try trial.call("GET", "/plumb/v1/people/\(email)", token: trial.server.token, 200)
    return found["account"]["id"].string ?? ""
  }
}
