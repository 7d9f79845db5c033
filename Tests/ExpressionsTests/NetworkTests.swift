// Addresses and networks in expressions: spellings, faults, and what lies in what.
import Core
import XCTest

@testable import Expressions

final class NetworkTests: XCTestCase {
  private func result(_ text: String) throws -> CELValue {
    switch try CELProgram(text, functions: .platform).evaluate(CELRecord()) {
    case .success(let value): value
    case .failure(let failure): .error(failure)
    }
  }

  func testOneSpellingForEachAddress() throws {
    for (given, shown) in [
      ("::", "::"), ("::1", "::1"), ("1::", "1::"), ("2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
      ("1:0:2:0:3:0:4:0", "1:0:2:0:3:0:4:0"),
      ("::ffff:c0a8:1", "192.168.0.1"), ("10.0.0.1", "10.0.0.1"), ("fe80:0:0:0:0:0:0:0", "fe80::"),
    ] {
      XCTAssertEqual(try result("string(ip('\(given)'))"), .string(shown), given)
      XCTAssertEqual(try result("ip('\(given)') == ip('\(shown)')"), .bool(true), given)
    }
  }

  func testWhatIsNoAddressOrNetwork() throws {
    for text in [
      "", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.+4", ":", ":1", "1:", ":::", "1:::2", "1::2::3", "12345::", "g::",
      "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7::8", "::ffff:1.2.3.4", "fe80::1%en0",
    ] {
      XCTAssertEqual(try result("isIP('\(text)')"), .bool(false), text)
      XCTAssertNotNil(try result("ip('\(text)')").failure, text)
      XCTAssertNotNil(try result("cidr('\(text)/8')").failure, text)
    }
    for text in ["10.0.0.0", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/08", "::/129", "10.0.0.0/8/8"] {
      XCTAssertEqual(try result("isCIDR('\(text)')"), .bool(false), text)
    }
    XCTAssertNotNil(try result("isIP(cidr('10.0.0.0/8'))").failure)
    XCTAssertNotNil(try result("ip('10.0.0.1').prefixLength()").failure)
  }

  func testWhatLiesInWhat() throws {
    let held = [
      ("10.0.0.0/8", "IP", "10.255.0.1", true), ("10.0.0.0/8", "IP", "11.0.0.0", false), ("0.0.0.0/0", "IP", "1.2.3.4", true),
      ("10.0.0.0/9", "IP", "10.128.0.0", false), ("::/0", "IP", "1.2.3.4", false),
      ("2001:db8::/33", "IP", "2001:db8:8000::1", false),
      ("10.0.0.0/8", "CIDR", "10.0.0.0/8", true), ("10.0.0.0/8", "CIDR", "10.0.0.0/7", false),
      ("10.0.0.0/8", "CIDR", "10.9.0.0/16", true),
    ]
    for (network, sort, inner, expected) in held {
      XCTAssertEqual(try result("cidr('\(network)').contains\(sort)('\(inner)')"), .bool(expected), "\(network) \(inner)")
    }
    XCTAssertEqual(try result("type(ip('::')) == net.IP && type(cidr('::/0')) == net.CIDR"), .bool(true))
    XCTAssertEqual(
      try result("[ip('255.255.255.255'), ip('224.0.0.1'), ip('8.8.8.8')].map(a, a.isGlobalUnicast())"), [false, false, true])
    XCTAssertEqual(try result("{'to': cidr('10.0.0.0/8')}").value, ["to": "10.0.0.0/8"])
  }
}
