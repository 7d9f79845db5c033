// Hexadecimal, base64 and tokens: round trips, and refusal of everything but the one right text.
import XCTest

@testable import Crypto

final class EncodingTests: XCTestCase {
  /// RFC 4648, section 10.
  func testBase64Vectors() {
    let vectors = [
      ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
      ("foobar", "Zm9vYmFy"),
    ]
    for (plain, coded) in vectors {
      XCTAssertEqual(Base64.encode(Array(plain.utf8)), coded)
      XCTAssertEqual(Base64.decode(coded), Array(plain.utf8))
      let bare = coded.filter { $0 != "=" }
      XCTAssertEqual(Base64URL.encode(Array(plain.utf8)), bare)
      XCTAssertEqual(Base64URL.decode(bare), Array(plain.utf8))
    }
    XCTAssertEqual(Base64.encode([0xfb, 0xff]), "+/8=")
    XCTAssertEqual(Base64URL.encode([0xfb, 0xff]), "-_8")
  }

  func testBase64RefusesOtherSpellings() {
    for text in ["Zg", "Zg=", "Zg===", "Z", "Zh==", "Zm9=", "Zg==Zg==", "Zm 9v", "Zm9v\n", "====", "-_8=", "Zm=v", "Zé=="] {
      XCTAssertNil(Base64.decode(text), text)
    }
    for text in ["Zg==", "Zh", "Z", "+/8", "Zm9v=", " Zm9v"] { XCTAssertNil(Base64URL.decode(text), text) }
  }

  func testRoundTripsOfRandomBytes() {
    for length in 0..<200 {
      let bytes = secureRandom(length)
      XCTAssertEqual(bytes.count, length)
      XCTAssertEqual(Base64.decode(Base64.encode(bytes)), bytes)
      XCTAssertEqual(Base64URL.decode(Base64URL.encode(bytes)), bytes)
      XCTAssertEqual(Hex.decode(Hex.encode(bytes)), bytes)
      XCTAssertEqual(Hex.decode(Hex.encode(bytes).uppercased()), bytes)
    }
    for text in ["0", "0g", " 00", "0x00", "é"] { XCTAssertNil(Hex.decode(text), text) }
  }

  func testTokensUseTheWholeAlphabetEvenly() {
    XCTAssertEqual(randomToken(length: 0), "")
    XCTAssertEqual(randomToken(length: 43).utf8.count, 43)
    let length = 62_000
    var counts: [Character: Int] = [:]
    for character in randomToken(length: length) { counts[character, default: 0] += 1 }
    XCTAssertEqual(Set(counts.keys), Set(TokenAlphabet.alphanumeric))
    // 1,000 expected of each, standard deviation 32: eight of those never happen by chance.
    for (character, count) in counts { XCTAssertLessThan(abs(count - 1000), 256, "\(character)") }
  }
}
