// One-time passwords against RFC 4226 and RFC 6238, recovery codes.
import Core
import Crypto
import XCTest

@testable import Identity

final class SecondFactorTests: XCTestCase {
  /// RFC 6238, appendix B.
  func testTimeCodeVectors() {
    let seed = Array("12345678901234567890".utf8)
    func secret(_ count: Int) -> [UInt8] { Array((0..<count).map { seed[$0 % seed.count] }) }
    let vectors: [(Double, KeyedDigest, Int, String)] = [
      (59, .sha1, 20, "94287082"), (59, .sha256, 32, "46119246"), (59, .sha512, 64, "90693936"),
      (1_111_111_109, .sha1, 20, "07081804"), (1_111_111_109, .sha256, 32, "68084774"), (1_111_111_109, .sha512, 64, "25091201"),
      (1_111_111_111, .sha1, 20, "14050471"), (1_234_567_890, .sha1, 20, "89005924"), (1_234_567_890, .sha512, 64, "93441116"),
      (2_000_000_000, .sha1, 20, "69279037"), (2_000_000_000, .sha256, 32, "90698825"), (20_000_000_000, .sha1, 20, "65353130"),
    ]
    for (seconds, digest, length, code) in vectors {
      let totp = TimeCode(secret: secret(length), digest: digest, digits: 8)
      XCTAssertEqual(totp.code(step: totp.step(at: Timestamp(seconds: seconds))), code)
    }
  }

  /// RFC 4226, appendix D.
  func testCounterVectors() {
    let totp = TimeCode(secret: Array("12345678901234567890".utf8))
    let codes = ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"]
    for (step, code) in codes.enumerated() { XCTAssertEqual(totp.code(step: step), code) }
  }

  func testACodeWorksOnceAndOnlyAroundItsTime() throws {
    let totp = TimeCode.generate()
    let now = Timestamp(seconds: 1_700_000_000)
    let step = totp.step(at: now)
    for shift in -3...3 {
      let accepted = totp.accepted(totp.code(step: step + shift), at: now, after: nil)
      // Codes of two steps agree once in a million.
      XCTAssertEqual(accepted != nil, abs(shift) <= 1, "shift \(shift)")
    }
    let used = try XCTUnwrap(totp.accepted(totp.code(step: step), at: now, after: nil))
    XCTAssertNil(totp.accepted(totp.code(step: step), at: now, after: used), "a replay")
    XCTAssertNil(totp.accepted(totp.code(step: step - 1), at: now, after: used), "an older code after a newer one")
    for bad in ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦"] { XCTAssertNil(totp.accepted(bad, at: now, after: nil)) }
  }

  func testTheAddressForApps() {
    let totp = TimeCode(secret: Array("12345678901234567890".utf8))
    XCTAssertEqual(
      totp.address(issuer: "Plumb & Co", account: "a@example.com"),
      "otpauth://totp/Plumb%20%26%20Co:a%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Plumb%20%26%20Co"
        + "&algorithm=SHA1&digits=6&period=30")
  }

  func testRecoveryCodesWorkOnce() throws {
    let codes = RecoveryCodes.make()
    XCTAssertEqual(Set(codes).count, RecoveryCodes.count)
    let stored = codes.map { RecoveryCodes.hash($0, account: "a") }
    XCTAssertNil(RecoveryCodes.use(codes[0], of: stored, account: "b"), "another person's code")
    let left = try XCTUnwrap(RecoveryCodes.use(codes[3].lowercased().replacing("-", with: " "), of: stored, account: "a"))
    XCTAssertEqual(left.count, stored.count - 1)
    XCTAssertNil(RecoveryCodes.use(codes[3], of: left, account: "a"))
    XCTAssertNil(RecoveryCodes.use("AAAAA-AAAAA", of: left, account: "a"))
  }
}
