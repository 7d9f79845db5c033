// Digests and codes against published vectors.
import XCTest

@testable import Crypto

final class DigestTests: XCTestCase {
  /// FIPS 180-4 examples.
  func testSHA256Vectors() {
    let vectors: [(String, String)] = [
      ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
      ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
      (
        "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
      ),
      (String(repeating: "a", count: 1_000_000), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
    ]
    for (text, digest) in vectors { XCTAssertEqual(Digest.sha256Hex(Array(text.utf8)), digest) }
  }

  func testPiecesGiveTheDigestOfTheWhole() {
    let bytes = secureRandom(1000)
    let hasher = SHA256Hasher()
    for cut in [0, 1, 63, 64, 65, 999, 1000] {
      hasher.update(Array(bytes[..<cut]))
      bytes[cut...].withUnsafeBytes { hasher.update($0) }
      XCTAssertEqual(hasher.finish(), Digest.sha256(bytes), "cut at \(cut)")
    }
  }

  /// RFC 4231, cases 1, 2, 3 and 6.
  func testHMACVectors() {
    let vectors: [([UInt8], [UInt8], String)] = [
      (
        [UInt8](repeating: 0x0b, count: 20), Array("Hi There".utf8),
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
      ),
      (
        Array("Jefe".utf8), Array("what do ya want for nothing?".utf8),
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
      ),
      (
        [UInt8](repeating: 0xaa, count: 20), [UInt8](repeating: 0xdd, count: 50),
        "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"
      ),
      (
        [UInt8](repeating: 0xaa, count: 131), Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8),
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
      ),
    ]
    for (key, message, code) in vectors { XCTAssertEqual(Hex.encode(Digest.hmacSHA256(key: key, message)), code) }
  }

  func testHMACWithAnEmptyKeyAndMessage() {
    XCTAssertEqual(
      Hex.encode(Digest.hmacSHA256(key: [], [])), "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad")
  }

  func testConstantTimeEqual() {
    XCTAssertTrue(constantTimeEqual([], []))
    XCTAssertTrue(constantTimeEqual([1, 2, 3], [1, 2, 3]))
    XCTAssertFalse(constantTimeEqual([1, 2, 3], [1, 2, 4]))
    XCTAssertFalse(constantTimeEqual([1, 2, 3], [1, 2]))
  }
}
