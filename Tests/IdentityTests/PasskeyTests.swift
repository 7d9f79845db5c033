// Passkeys against answers of real authenticators as public libraries publish them, and against everything that may be wrong.
import Core
import Crypto
import XCTest

@testable import Identity

final class PasskeyTests: XCTestCase {
  private let party = RelyingParty(id: "localhost", name: "Test", origins: ["http://localhost:5000"], needsVerification: false)
  private func bytes(_ text: String) -> [UInt8] { Base64URL.decode(text) ?? [] }

  /// From the tests of py_webauthn: a security key, attestation none.
  func testAPublishedRegistration() throws {
    let passkey = try party.register(
      challenge: bytes("TwN7n4WTyGKLc4ZY-qGsFqKnHM4nglqsyV0ICJlN2TO9XiRyFtrkaDwUvsql-gkLJXP6fnF1MlrZ53Mm4R7Cvw"),
      clientData: bytes(
        "eyJ0eXBlIjoid2ViYXV0aG4uY3JlYXRlIiwiY2hhbGxlbmdlIjoiVHdON240V1R5R0tMYzRaWS1xR3NGcUtuSE00bmdscXN5VjBJQ0psTjJUTzlYaVJ5RnRya2FEd1V2"
          + "c3FsLWdrTEpYUDZmbkYxTWxyWjUzTW00UjdDdnciLCJvcmlnaW4iOiJodHRwOi8vbG9jYWxob3N0OjUwMDAiLCJjcm9zc09yaWdpbiI6ZmFsc2V9"),
      attestation: bytes(
        "o2NmbXRkbm9uZWdhdHRTdG10oGhhdXRoRGF0YVjESZYN5YgOjGh0NBcPZHZgW4_krrmihjLHmVzzuoMdl2NFAAAAFwAAAAAAAAAAAAAAAAAAAAAAQPctcQPE5oNRRJk_"
          + "nO_371mf7qE7qIodzr0eOf6ACvnMB1oQG165dqutoi1U44shGezu5_gkTjmOPeJO0N8a7P-lAQIDJiABIVggSFbUJF-42Ug3pdM8rDRFu_N5oiVEysPDB6n66r_7dZAi"
          + "WCDUVnB39FlGypL-qAoIO9xWHtJygo2jfDmHl-_eKFRLDA"))
    XCTAssertEqual(
      Base64URL.encode(passkey.id), "9y1xA8Tmg1FEmT-c7_fvWZ_uoTuoih3OvR45_oAK-cwHWhAbXrl2q62iLVTjiyEZ7O7n-CROOY494k7Q3xrs_w")
    XCTAssertEqual(
      Base64URL.encode(passkey.key),
      "pQECAyYgASFYIEhW1CRfuNlIN6XTPKw0RbvzeaIlRMrDwwep-uq_-3WQIlgg1FZwd_RZRsqS_qgKCDvcVh7ScoKNo3w5h5fv3ihUSww")
    XCTAssertEqual(passkey.count, 23)
  }

  /// From the same tests: ES256.
  func testAPublishedAssertionOfAnEllipticCurveKey() throws {
    let passkey = Passkey(
      id: [1],
      key: bytes(
        "pQECAyYgASFYIIeDTe-gN8A-zQclHoRnGFWN8ehM1b7yAsa8I8KIvmplIlgg4nFGT5px8o6gpPZZhO01wdy9crDSA_Ngtkx0vGpvPHI"),
      count: 77, model: [], isBackedUp: false)
    let challenge = bytes("xi30GPGAFYRxVDpY1sM10DaLzVQG66nv-_7RUazH0vI2YvG8LYgDEnvN5fZZNVuvEDuMi9te3VLqb42N0fkLGA")
    let client = bytes(
      "eyJjaGFsbGVuZ2UiOiJ4aTMwR1BHQUZZUnhWRHBZMXNNMTBEYUx6VlFHNjZudi1fN1JVYXpIMHZJMll2RzhMWWdERW52TjVmWlpOVnV2RUR1TWk5dGUzVkxxYjQyTjBm"
        + "a0xHQSIsImNsaWVudEV4dGVuc2lvbnMiOnt9LCJoYXNoQWxnb3JpdGhtIjoiU0hBLTI1NiIsIm9yaWdpbiI6Imh0dHA6Ly9sb2NhbGhvc3Q6NTAwMCIsInR5cGUiOiJ3"
        + "ZWJhdXRobi5nZXQifQ")
    let data = bytes("SZYN5YgOjGh0NBcPZHZgW4_krrmihjLHmVzzuoMdl2MBAAAATg")
    let signature = bytes(
      "MEUCIGisVZOBapCWbnJJvjelIzwpixxIwkjCCb5aCHafQu68AiEA88v-2pJNNApPFwAKFiNuf82-2hBxYW5kGwVweeoxCwo")
    func attempt(
      _ party: RelyingParty? = nil, _ key: Passkey? = nil, challenge other: [UInt8]? = nil, client altered: [UInt8]? = nil,
      data changed: [UInt8]? = nil, signature forged: [UInt8]? = nil
    ) throws -> Passkey {
      try (party ?? self.party).authenticate(
        key ?? passkey, challenge: other ?? challenge, clientData: altered ?? client, authenticatorData: changed ?? data,
        signature: forged ?? signature)
    }
    XCTAssertEqual(try attempt().count, 78)
    var copied = passkey
    copied.count = 78
    XCTAssertThrowsError(try attempt(nil, copied), "a count that does not grow")
    XCTAssertThrowsError(try attempt(challenge: [1, 2, 3]), "another challenge")
    XCTAssertThrowsError(try attempt(client: Array(String(decoding: client, as: UTF8.self).replacing("5000", with: "5001").utf8)))
    XCTAssertThrowsError(
      try attempt(client: Array(String(decoding: client, as: UTF8.self).replacing("webauthn.get", with: "webauthn.create").utf8)))
    XCTAssertThrowsError(try attempt(data: data.dropLast() + [0x4f]), "a changed count")
    XCTAssertThrowsError(try attempt(data: data + [0]), "bytes at the end")
    XCTAssertThrowsError(try attempt(signature: signature.dropLast() + [0x0b]))
    XCTAssertThrowsError(try attempt(signature: []))
    XCTAssertThrowsError(
      try attempt(RelyingParty(id: "example.com", name: "", origins: ["http://localhost:5000"], needsVerification: false)))
    XCTAssertThrowsError(
      try attempt(RelyingParty(id: "localhost", name: "", origins: ["http://localhost:5000"])), "the user was not verified")
  }

  /// From the same tests: RS256, user verified.
  func testAPublishedAssertionOfAnRSAKey() throws {
    let passkey = Passkey(
      id: [1],
      key: bytes(
        "pAEDAzkBACBZAQDfV20epzvQP-HtcdDpX-cGzdOxy73WQEvsU7Dnr9UWJophEfpngouvgnRLXaEUn_d8HGkp_HIx8rrpkx4BVs6X_B6ZjhLlezjIdJbLbVeb92BaEsmN"
          + "n1HW2N9Xj2QM8cH-yx28_vCjf82ahQ9gyAr552Bn96G22n8jqFRQKdVpO-f-bvpvaP3IQ9F5LCX7CUaxptgbog1SFO6FI6ob5SlVVB00lVXsaYg8cIDZxCkkENkGiFPg"
          + "wEaZ7995SCbiyCpUJbMqToLMgojPkAhWeyktu7TlK6UBWdJMHc3FPAIs0lH_2_2hKS-mGI1uZAFVAfW1X-mzKL0czUm2P1UlUox7IUMBAAE"),
      count: 0, model: [], isBackedUp: false)
    let used = try RelyingParty(id: "localhost", name: "", origins: ["http://localhost:5000"]).authenticate(
      passkey, challenge: bytes("iPmAi1Pp1XL6oAgq3PWZtZPnZa1zFUDoGbaQ0_KvVG1lF2s3Rt_3o4uSzccy0tmcTIpTTT4BU1T-I4maavndjQ"),
      clientData: bytes(
        "eyJ0eXBlIjoid2ViYXV0aG4uZ2V0IiwiY2hhbGxlbmdlIjoiaVBtQWkxUHAxWEw2b0FncTNQV1p0WlBuWmExekZVRG9HYmFRMF9LdlZHMWxGMnMzUnRfM280dVN6Y2N5"
          + "MHRtY1RJcFRUVDRCVTFULUk0bWFhdm5kalEiLCJvcmlnaW4iOiJodHRwOi8vbG9jYWxob3N0OjUwMDAiLCJjcm9zc09yaWdpbiI6ZmFsc2V9"),
      authenticatorData: bytes("SZYN5YgOjGh0NBcPZHZgW4_krrmihjLHmVzzuoMdl2MFAAAAAQ"),
      signature: bytes(
        "iOHKX3erU5_OYP_r_9HLZ-CexCE4bQRrxM8WmuoKTDdhAnZSeTP0sjECjvjfeS8MJzN1ArmvV0H0C3yy_FdRFfcpUPZzdZ7bBcmPh1XPdxRwY747OrIzcTLTFQUPdn1U"
          + "-izCZtP_78VGw9pCpdMsv4CUzZdJbEcRtQuRS03qUjqDaovoJhOqEBmxJn9Wu8tBi_Qx7A33RbYjlfyLm_EDqimzDZhyietyop6XUcpKarKqVH0M6mMrM5zTjp8xf3W7"
          + "odFCadXEJg-ERZqFM0-9Uup6kJNLbr6C5J4NDYmSm3HCSA6lp2iEiMPKU8Ii7QZ61kybXLxsX4w4Dm3fOLjmDw"))
    XCTAssertEqual(used.count, 1)
  }

  func testOwnKeysOfBothKinds() throws {
    let party = RelyingParty(id: "example.com", name: "", origins: ["https://example.com"])
    let key = SigningKey.generate(.es256)
    let cose: [UInt8] =
      [0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 0x20] + key.publicBytes[..<32] + [0x22, 0x58, 0x20] + key.publicBytes[32...]
    let data = Digest.sha256("example.com") + [0x45, 0, 0, 0, 0] + [UInt8](repeating: 7, count: 16) + [0, 4, 1, 2, 3, 4] + cose
    func client(_ type: String) -> [UInt8] {
      JSON.write(["type": .string(type), "challenge": .string(Base64URL.encode([9, 9])), "origin": "https://example.com"])
    }
    func attestation(_ data: [UInt8]) -> [UInt8] {
      [0xa3, 0x63] + Array("fmt".utf8) + [0x64] + Array("none".utf8) + [0x67] + Array("attStmt".utf8) + [0xa0, 0x68]
        + Array("authData".utf8) + [0x58, UInt8(data.count)] + data
    }
    let passkey = try party.register(challenge: [9, 9], clientData: client("webauthn.create"), attestation: attestation(data))
    XCTAssertEqual(passkey.id, [1, 2, 3, 4])
    let answer = Digest.sha256("example.com") + [0x05, 0, 0, 0, 0]
    let get = client("webauthn.get")
    let signature = key.signEncoded(answer + Digest.sha256(get))
    for _ in 0..<2 {
      // An authenticator that does not count may sign again: the challenge is what is used once.
      _ = try party.authenticate(passkey, challenge: [9, 9], clientData: get, authenticatorData: answer, signature: signature)
    }
    let absent = data[..<32] + [0x44] + data[33...]
    XCTAssertThrowsError(
      try party.register(challenge: [9, 9], clientData: client("webauthn.create"), attestation: attestation(Array(absent))))
    // Whatever byte is missing, it is a refusal and no crash.
    let whole = attestation(data)
    for end in 0..<whole.count {
      XCTAssertThrowsError(
        try party.register(challenge: [9, 9], clientData: client("webauthn.create"), attestation: Array(whole[..<end])))
    }
  }

  func testCBORIsReadStrictly() throws {
    XCTAssertEqual(try CBOR.read([0x83, 1, 0x20, 0x61, 0x61]), .list([.int(1), .int(-1), .text("a")]))
    XCTAssertEqual(try CBOR.read([0x1b, 0, 0, 0, 1, 0, 0, 0, 0]), .int(1 << 32))
    let bad: [(String, [UInt8])] = [
      ("nothing", []), ("more", [1, 1]), ("longer than needed", [0x18, 1]), ("longer than needed", [0x19, 0, 0xff]),
      ("indefinite", [0x9f, 1, 0xff]), ("indefinite text", [0x7f, 0x61, 0x61, 0xff]), ("tag", [0xc0, 1]),
      ("float", [0xf9, 0, 0]),
      ("undefined", [0xf7]), ("a key twice", [0xa2, 1, 1, 1, 2]), ("a list as key", [0xa1, 0x80, 1]), ("no UTF-8", [0x61, 0xff]),
      ("huge count", [0x9a, 0xff, 0xff, 0xff, 0xff]), ("huge bytes", [0x5b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
      ("huge number", [0x1b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), ("reserved", [0x1c]),
      ("deep", [UInt8](repeating: 0x81, count: 100) + [1]),
    ]
    for (name, bytes) in bad { XCTAssertThrowsError(try CBOR.read(bytes), name) }
    var random = RandomGenerator(SeededRandom(seed: 5))
    for _ in 0..<20_000 {
      let noise = (0..<Int.random(in: 0...40, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
      _ = try? CBOR.read(noise)
      _ = try? AuthenticatorData(noise + noise + noise)
    }
  }
}
