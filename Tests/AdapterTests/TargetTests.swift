// Which URLs and addresses may be called.
import XCTest

@testable import OutgoingHTTP

final class TargetTests: XCTestCase {
  func testURLs() throws {
    for (text, wanted) in [
      ("http://a", "http://a:80/"), ("HTTPS://A.Example.:443/x?y#z", "https://a.example.:443/x?y"),
      ("http://a:8080?q=1", "http://a:8080/?q=1"),
      ("http://[::1]:1/", "http://[::1]:1/"), ("http://a:/p/../q", "http://a:80/p/../q"),
      ("http://1.2.3.4/", "http://1.2.3.4:80/"),
    ] { XCTAssertEqual(try TargetURL(text).text, wanted) }
    for text in [
      "", "a", "ftp://a", "http:/a", "http:a", "http://", "http:///x", "//a", "file:///etc/passwd", "http://u@a", "http://u:p@a/",
      "http://a@b@c", "http://a:0", "http://a:65536", "http://a:x", "http://a:1:2", "http://a b/", "http://a/ä", "http://a\\@b/",
      "http://a/\r\nX: y", "http://a/\"", "http://[::1", "http://[::1]x", "http://[a]/", "http://[fe80::1%25eth0]/",
      "http://::1/",
      "http://a..b/", "http://.a/", "http://-a/", "http://a%2fb/", "http://a,b/", "http://" + String(repeating: "a", count: 254),
      "http://a/" + String(repeating: "b", count: 9000),
    ] { XCTAssertThrowsError(try TargetURL(text), text) { XCTAssertEqual(($0 as? OutgoingFailure)?.reason, .invalid) } }
  }

  func testAddresses() throws {
    let forbidden = [
      "0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.255.255.254", "169.254.169.254",
      "172.16.0.1",
      "172.31.255.255", "192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.51.100.1", "203.0.113.9",
      "224.0.0.1",
      "239.255.255.255", "240.0.0.1", "255.255.255.255", "168.63.129.16", "::", "::1", "::2", "::ffff:127.0.0.1",
      "::ffff:10.0.0.1",
      "::127.0.0.1", "::10.1.1.1", "64:ff9b::7f00:1", "64:ff9b::169.254.169.254", "64:ff9b:1::1", "2002:7f00:1::",
      "2002:c0a8:101::1",
      "2001::1", "2001:db8::1", "3fff::1", "fe80::1", "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1", "100::1", "4000::1",
    ]
    for text in forbidden { XCTAssertFalse(try XCTUnwrap(IPAddress(text), text).isPublic, text) }
    for text in [
      "1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.1", "172.15.0.1", "172.32.0.1", "192.0.1.1", "223.255.255.255",
      "168.63.129.17",
      "2606:4700::1111", "2a00:1450::1", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1", "2001:4860::8888",
    ] { XCTAssertTrue(try XCTUnwrap(IPAddress(text), text).isPublic, text) }
    for text in ["127.0.0.1", "10.0.0.1", "::1", "fd00::1", "::ffff:127.0.0.1"] {
      XCTAssertTrue(try XCTUnwrap(IPAddress(text)).isTarget, text)
    }
    for text in ["0.0.0.0", "::", "224.0.0.1", "255.255.255.255", "ff02::1", "::ffff:0.0.0.0"] {
      XCTAssertFalse(try XCTUnwrap(IPAddress(text)).isTarget, text)
    }
    for text in ["", "1.2.3", "127.1", "0x7f.1", "1.2.3.4.5", "::1%lo", "[::1]", "01.2.3.4"] {
      XCTAssertNil(IPAddress(text), text)
    }
    for text in forbidden { XCTAssertEqual(IPAddress(IPAddress(text)?.description ?? ""), IPAddress(text)) }
  }
}
