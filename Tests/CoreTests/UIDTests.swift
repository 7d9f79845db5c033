// Identifiers: version 7, sorted by time, text and back.
import Core
import XCTest

final class UIDTests: XCTestCase {
  func testTextAndOrder() {
    var random = RandomGenerator(SeededRandom(seed: 7))
    var last: UID?
    for n in 0..<2000 {
      let uid = UID(at: Timestamp(microseconds: 1_700_000_000_000_000 + n * 1000), random: &random)
      let text = uid.description
      XCTAssertEqual(text.utf8.count, 36)
      XCTAssertEqual(UID(text), uid)
      XCTAssertEqual(UID(text.uppercased()), uid)
      XCTAssertEqual(Array(text)[14], "7", text)
      XCTAssertTrue("89ab".contains(Array(text)[19]), text)
      if let last {
        XCTAssertLessThan(last, uid)
        XCTAssertLessThan(last.description, text, "text sorts as identifiers do")
      }
      last = uid
    }
  }

  func testWhatIsNoUID() {
    let good = "01890a5d-ac96-774b-bcce-b302099a8057"
    XCTAssertEqual(UID(good)?.description, good)
    for text in [
      "", "x", String(good.dropLast()), good + "0", good.replacingOccurrences(of: "-", with: ""), "{\(good)}",
      " " + good.dropFirst(),
      "01890a5dac96-774b-bcce-b302099a8057-", "01890a5d-ac96-774b-bcce-b302099a805g", "01890a5d-ac96-774b-bcce-b302099a80é",
    ] { XCTAssertNil(UID(text), text) }
  }

  func testCompactIdentifiersAreToldBy24Digits() {
    var random = SystemRandomNumberGenerator()
    var seen: Set<String> = []
    for n in 0..<2000 {
      let uid = UID(at: Timestamp(microseconds: n * 999_983_777), random: &random).compact
      XCTAssertEqual(uid.compact, uid)
      let text = uid.objectID ?? ""
      XCTAssertEqual(text.count, 24)
      XCTAssertEqual(UID(objectID: text), uid)
      XCTAssertEqual(UID(objectID: text.uppercased()), uid)
      XCTAssertEqual(UID(uid.description), uid, "it is a UUID as any other")
      XCTAssertEqual(uid.description.dropFirst(14).first, "7")
      XCTAssertTrue(seen.insert(text).inserted)
    }
    let whole = UID(high: 0x0199_0000_0000_7123, low: 0x8FFF_FFFF_FFFF_FFFF)
    XCTAssertNil(whole.objectID)
    XCTAssertNotNil(whole.compact.objectID)
    XCTAssertEqual(UID.rootTenant.objectID.flatMap { UID(objectID: $0) }, .rootTenant)
    for bad in ["", "0", String(repeating: "g", count: 24), String(repeating: "1", count: 25), "+00000000000000000000001"] {
      XCTAssertNil(UID(objectID: bad), bad)
    }
  }
}
