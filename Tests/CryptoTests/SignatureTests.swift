// Signatures, keyed digests and base32 against published vectors.
import XCTest

@testable import Crypto

final class SignatureTests: XCTestCase {
  private func bytes(_ hex: String) -> [UInt8] { Hex.decode(hex) ?? [] }

  /// RFC 8032, section 7.1, tests 1 to 3.
  func testEd25519Vectors() throws {
    let vectors = [
      (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
      ),
      (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
      ),
      (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
      ),
    ]
    for (seed, open, message, signature) in vectors {
      let key = try SigningKey(seed: bytes(seed))
      XCTAssertEqual(Hex.encode(key.publicBytes), open)
      XCTAssertEqual(Hex.encode(key.sign(bytes(message))), signature)
      let verifier = try XCTUnwrap(VerificationKey.ed25519(bytes(open)))
      XCTAssertTrue(verifier.verifies(bytes(signature), over: bytes(message)))
      XCTAssertFalse(verifier.verifies(bytes(signature), over: bytes(message) + [0]))
    }
  }

  /// RFC 7515, appendix A.3: ES256 over its own signing input.
  func testES256Vector() throws {
    let x = try XCTUnwrap(Base64URL.decode("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"))
    let y = try XCTUnwrap(Base64URL.decode("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"))
    let input =
      "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
    let signature = try XCTUnwrap(
      Base64URL.decode("DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"))
    let key = try XCTUnwrap(VerificationKey.p256(x: x, y: y))
    XCTAssertTrue(key.verifies(signature, over: Array(input.utf8)))
    XCTAssertFalse(key.verifies(signature, over: Array((input + "x").utf8)))
    XCTAssertFalse(key.verifies([UInt8](repeating: 0, count: 64), over: Array(input.utf8)), "the all-zero signature")
    XCTAssertNil(VerificationKey.p256(x: y, y: x), "no point of the curve")
  }

  /// RFC 7515, appendix A.2: RS256 over its own signing input.
  func testRS256Vector() throws {
    let modulus = try XCTUnwrap(
      Base64URL.decode(
        "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMs"
          + "D1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdV"
          + "MTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"))
    let input =
      "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
    let signature = try XCTUnwrap(
      Base64URL.decode(
        "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjb"
          + "KBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZES"
          + "c6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"))
    let key = try XCTUnwrap(VerificationKey.rsa(modulus: modulus, exponent: [1, 0, 1]))
    XCTAssertTrue(key.verifies(signature, over: Array(input.utf8)))
    XCTAssertFalse(key.verifies(Array(signature.reversed()), over: Array(input.utf8)))
    XCTAssertNil(VerificationKey.rsa(modulus: Array(modulus.prefix(128)), exponent: [1, 0, 1]), "1024 bits are too few")
    XCTAssertNil(VerificationKey.rsa(modulus: modulus, exponent: [1]))
  }

  func testKeysSurviveTheirEncoding() throws {
    for algorithm in SignatureAlgorithm.allCases {
      let key = SigningKey.generate(algorithm)
      let again = try SigningKey(algorithm, encoded: key.encoded)
      XCTAssertEqual(again.publicEncoded, key.publicEncoded)
      let message = secureRandom(100)
      let open: VerificationKey?
      switch algorithm {
      case .edDSA: open = .ed25519(key.publicBytes)
      case .es256: open = .p256(x: Array(key.publicBytes[..<32]), y: Array(key.publicBytes[32...]))
      case .rs256: continue
      }
      let verifier = try XCTUnwrap(open)
      XCTAssertEqual(verifier.encoded, key.publicEncoded)
      for _ in 0..<20 {
        XCTAssertTrue(verifier.verifies(again.sign(message), over: message))
        XCTAssertTrue(verifier.verifies(encoded: again.signEncoded(message), over: message))
      }
    }
    XCTAssertThrowsError(try SigningKey(.edDSA, encoded: [1, 2, 3]))
  }

  /// RFC 4231 case 1 and RFC 2202 case 1.
  func testKeyedDigests() {
    let key = [UInt8](repeating: 0x0b, count: 20)
    let text = Array("Hi There".utf8)
    XCTAssertEqual(Hex.encode(KeyedDigest.sha1.code(key: key, text)), "b617318655057264e28bc0b6fb378c8ef146be00")
    XCTAssertEqual(
      Hex.encode(KeyedDigest.sha512.code(key: key, text)),
      "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cdedaa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854"
    )
  }

  /// RFC 4648, section 10.
  func testBase32Vectors() {
    let vectors = [
      "": "", "f": "MY", "fo": "MZXQ", "foo": "MZXW6", "foob": "MZXW6YQ", "fooba": "MZXW6YTB", "foobar": "MZXW6YTBOI",
    ]
    for (plain, text) in vectors {
      XCTAssertEqual(Base32.encode(Array(plain.utf8)), text)
      XCTAssertEqual(Base32.decode(text).map { String(decoding: $0, as: UTF8.self) }, plain)
      XCTAssertEqual(Base32.decode(text.lowercased() + "==").map { String(decoding: $0, as: UTF8.self) }, plain)
    }
    for bad in ["M", "MZ1", "MY=A", "MZ", "0"] { XCTAssertNil(Base32.decode(bad), bad) }
  }
}
