// Passkeys from end to end, with an authenticator made of a key: registered, used, copied, moved between people and sites.
import Core
import Crypto
import Foundation
import Identity
import TestSupport
import XCTest

/// An authenticator that holds one key of one site.
struct SoftAuthenticator {
  let key = SigningKey.generate(.es256)
  let id = Array(secureRandom(16))
  var site = "app.example.com"
  var origin = Trial.front
  var count: UInt32 = 0
  var isVerified = true

  private func counter() -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: count >> (24 - 8 * $0)) } }

  private func client(_ type: String, _ challenge: String) -> [UInt8] {
    JSON.write(["type": .string(type), "challenge": .string(challenge), "origin": .string(origin), "crossOrigin": false])
  }

  func register(_ challenge: String, label: String = "Key") -> Value {
    let cose: [UInt8] =
      [0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 0x20] + key.publicBytes[..<32] + [0x22, 0x58, 0x20] + key.publicBytes[32...]
    let data =
      Digest.sha256(site) + [isVerified ? 0x45 : 0x41] + counter() + [UInt8](repeating: 7, count: 16) + [0, UInt8(id.count)] + id
      + cose
    let attestation: [UInt8] =
      [0xa3, 0x63] + Array("fmt".utf8) + [0x64] + Array("none".utf8) + [0x67] + Array("attStmt".utf8) + [0xa0, 0x68]
      + Array("authData".utf8) + [0x58, UInt8(data.count)] + data
    return [
      "clientDataJSON": .string(Base64URL.encode(client("webauthn.create", challenge))),
      "attestationObject": .string(Base64URL.encode(attestation)), "label": .string(label),
    ]
  }

  mutating func sign(_ challenge: String) -> Value {
    count += 1
    let data = Digest.sha256(site) + [isVerified ? 0x05 : 0x01] + counter()
    let client = client("webauthn.get", challenge)
    return [
      "credentialId": .string(Base64URL.encode(id)), "clientDataJSON": .string(Base64URL.encode(client)),
      "authenticatorData": .string(Base64URL.encode(data)),
      "signature": .string(Base64URL.encode(key.signEncoded(data + Digest.sha256(client)))),
    ]
  }
}

final class PasskeySignInTests: XCTestCase {
  private func person(_ trial: Trial) throws -> (email: String, access: String) {
    let email = "passkey-\(trial.mark())@example.com"
    let made = try trial.call(
      "POST", "/trial/staff/register", ["email": .string(email), "password": "secureP@ss1", "displayName": "Passkey"], 200)
    return (email, try XCTUnwrap(made["accessToken"].string))
  }

  private func options(_ trial: Trial, _ access: String) throws -> Value {
    try trial.call("POST", "/trial/staff/me/passkeys/options", token: access, 200)["publicKey"]
  }

  private func challenge(_ trial: Trial, _ path: String = "/trial/staff") throws -> String {
    try trial.call("POST", "\(path)/passkey/options", nil, 200)["publicKey"]["challenge"].string ?? ""
  }

  func testAPasskeyIsRegisteredAndSignsIn() throws {
    let trial = try Trial.shared.get()
    let (email, access) = try person(trial)
    var authenticator = SoftAuthenticator()
    let asked = try options(trial, access)
    XCTAssertEqual(asked["rp"]["id"], "app.example.com")
    XCTAssertEqual(asked["user"]["name"].string, email)
    let answer = authenticator.register(asked["challenge"].string ?? "", label: "Laptop")
    let made = try trial.call("POST", "/trial/staff/me/passkeys", answer, token: access, 200)
    XCTAssertEqual(made["label"], "Laptop")
    try trial.call("POST", "/trial/staff/me/passkeys", answer, token: access, 400)
    let again = authenticator.register(try options(trial, access)["challenge"].string ?? "")
    try trial.call("POST", "/trial/staff/me/passkeys", again, token: access, 409)

    let proof = authenticator.sign(try challenge(trial))
    let session = try trial.call("POST", "/trial/staff/passkey/login", proof, 200)
    XCTAssertEqual(session["user"]["email"].string, email)
    try trial.call("POST", "/trial/staff/passkey/login", proof, 400)
    let keys = try trial.call("GET", "/trial/staff/me/passkeys", token: session["accessToken"].string, 200)
    XCTAssertEqual(keys["passkeys"].list?.count, 1)
    let id = try XCTUnwrap(keys["passkeys"].list?.first?["id"].string)
    try trial.call("DELETE", "/trial/staff/me/passkeys/\(id)", token: access, 200)
    try trial.call("POST", "/trial/staff/passkey/login", authenticator.sign(try challenge(trial)), 401)
  }

  func testAnswersThatAreNotThisPersonsOrThisSitesAreRefused() throws {
    let trial = try Trial.shared.get()
    let (_, access) = try person(trial)
    let (_, strangers) = try person(trial)
    var authenticator = SoftAuthenticator()
    // A challenge that was sent to somebody else.
    let theirs = try options(trial, strangers)["challenge"].string ?? ""
    try trial.call("POST", "/trial/staff/me/passkeys", authenticator.register(theirs), token: access, 400)
    var wrong = authenticator
    wrong.origin = "https://evil.example.com"
    try trial.call(
      "POST", "/trial/staff/me/passkeys", wrong.register(try options(trial, access)["challenge"].string ?? ""), token: access, 400
    )
    try trial.call(
      "POST", "/trial/staff/me/passkeys", authenticator.register(try options(trial, access)["challenge"].string ?? ""),
      token: access,
      200)
    // Now signing in: another site, an unverified person, a copied key, another key under the same id, a registration's challenge.
    var attacks: [(String, SoftAuthenticator)] = []
    var other = authenticator
    other.site = "evil.example.com"
    attacks.append(("another site", other))
    other = authenticator
    other.origin = "https://evil.example.com"
    attacks.append(("another origin", other))
    other = authenticator
    other.isVerified = false
    attacks.append(("nobody verified", other))
    for (name, attack) in attacks {
      var attack = attack
      let answer = try trial.send("POST", "/trial/staff/passkey/login", attack.sign(try challenge(trial)))
      XCTAssertEqual(answer.status, 401, "\(name): \(answer.description)")
    }
    let forged = SoftAuthenticator()
    var proof = authenticator.sign(try challenge(trial))
    proof["signature"] = .string(Base64URL.encode(forged.key.signEncoded([1, 2, 3])))
    try trial.call("POST", "/trial/staff/passkey/login", proof, 401)
    let registration = try options(trial, access)["challenge"].string ?? ""
    try trial.call("POST", "/trial/staff/passkey/login", authenticator.sign(registration), 400)
    try trial.call("POST", "/trial/staff/passkey/login", authenticator.sign(try challenge(trial)), 200)
    var copied = authenticator
    copied.count -= 1
    try trial.call("POST", "/trial/staff/passkey/login", copied.sign(try challenge(trial)), 401)
  }
}
