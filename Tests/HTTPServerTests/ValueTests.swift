// The small parts: headers, percent-encoding, queries, events, addresses, dates.
import Core
import XCTest

@testable import HTTPServer

final class ValueTests: XCTestCase {
  func testHeaders() {
    var headers: HTTPHeaders = ["Content-Type": "a", "X": "1"]
    headers.add("x", "2")
    XCTAssertEqual(headers["CONTENT-type"], "a")
    XCTAssertEqual(headers.all("X"), ["1", "2"])
    XCTAssertEqual(headers["x"], "1")
    XCTAssertNil(headers["Content"])
    headers["x"] = "3"
    XCTAssertEqual(headers.map { "\($0.name)=\($0.value)" }, ["Content-Type=a", "x=3"])
    headers["x"] = nil
    XCTAssertEqual(headers.count, 1)
    headers.add("Bad Name", "v")
    headers.add("", "v")
    headers.add("A:", "v")
    XCTAssertEqual(headers.count, 1, "names that are no tokens add nothing")
    headers.add("Y", "a\r\nb\0\u{7f}c\td")
    XCTAssertEqual(headers["Y"], "a  b  c\td")
  }

  func testPercentEncoding() {
    for (coded, plain) in [("", ""), ("a", "a"), ("%41%7e", "A~"), ("%c3%A4", "ä"), ("a+b", "a+b"), ("%2F%25", "/%"), ("ä", "ä")]
    {
      XCTAssertEqual(PercentEncoding.decode(coded), plain)
    }
    XCTAssertEqual(PercentEncoding.decode("a+b%2B", plusIsSpace: true), "a b+")
    for broken in ["%", "%4", "%zz", "%4g", "a%", "%00", "a\0", "%ff", "%c3", "%ed%a0%80", "%c0%af"] {
      XCTAssertNil(PercentEncoding.decode(broken), broken)
    }
    XCTAssertEqual(PercentEncoding.encode("a b/ä~"), "a%20b%2F%C3%A4~")
    XCTAssertEqual(PercentEncoding.encode("a/b:c", keep: "/"), "a/b%3Ac")
    let all = String((1...0x2ff).compactMap { UnicodeScalar($0) }.map { Character($0) })
    XCTAssertEqual(PercentEncoding.decode(PercentEncoding.encode(all)), all)
  }

  func testQueryString() {
    func parse(_ raw: String) -> String? { QueryString.parse(raw)?.map { "\($0.name)=\($0.value)" }.joined(separator: ";") }
    XCTAssertEqual(parse("a=1&b=2&a=3"), "a=1;b=2;a=3")
    XCTAssertEqual(parse(""), "")
    XCTAssertEqual(parse("&&a&=x&b=c=d&"), "a=;=x;b=c=d")
    XCTAssertEqual(parse("a+b=%26%3D+"), "a b=&= ")
    XCTAssertNil(parse("a=%zz"))
    XCTAssertNil(parse("%=a"))
    XCTAssertNotNil(parse(String(repeating: "a=1&", count: 200)))
    XCTAssertNil(parse(String(repeating: "a=1&", count: 201)))
  }

  func testEventsCannotBeForged() {
    func text(_ event: ServerSentEvent) -> String { String(decoding: event.bytes, as: UTF8.self) }
    XCTAssertEqual(text(ServerSentEvent(data: "a")), "data: a\n\n")
    XCTAssertEqual(text(ServerSentEvent(data: "a\r\nb\rc\n\nd")), "data: a\ndata: b\ndata: c\ndata: \ndata: d\n\n")
    XCTAssertEqual(
      text(ServerSentEvent(id: "1\nevent: x", event: "y\r\ndata: z", data: "", retry: 5)),
      "id: 1 event: x\nevent: y  data: z\nretry: 5\ndata: \n\n")
  }

  func testListenAddresses() throws {
    XCTAssertEqual(try ListenAddress("127.0.0.1:80"), .tcp(host: "127.0.0.1", port: 80))
    XCTAssertEqual(try ListenAddress("[::1]:0"), .tcp(host: "::1", port: 0))
    XCTAssertEqual(try ListenAddress(":8080"), .tcp(host: "::", port: 8080))
    XCTAssertEqual(try ListenAddress("unix:/run/x"), .unix(path: "/run/x"))
    for text in [
      "", "host", "host:", "host:x", "host:65536", "host:-1", "::1:80", "unix:", "unix:" + String(repeating: "a", count: 108),
    ] {
      XCTAssertThrowsError(try ListenAddress(text), text) { XCTAssertEqual(($0 as? Problem)?.category, .invalid) }
    }
    for text in ["h:1", "[::1]:1", "unix:/x"] { XCTAssertEqual(try ListenAddress(text).description, text) }
  }

  func testDates() {
    XCTAssertEqual(String(decoding: DateHeader.line(784_111_777), as: UTF8.self), "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n")
  }

  func testAcceptEncoding() {
    func accepts(_ values: String...) -> Bool {
      var headers = HTTPHeaders()
      for value in values { headers.add("Accept-Encoding", value) }
      return ContentCoding.acceptsGzip(headers)
    }
    XCTAssertTrue(accepts("gzip"))
    XCTAssertTrue(accepts("deflate", "GZip ; q=0.5"))
    XCTAssertTrue(accepts("*"))
    XCTAssertTrue(accepts("gzip;q=1, *;q=0"))
    for values in ["", "identity", "gzip;q=0", "gzip; q=0.000", "*, gzip;q=0", "gzipped", "gzip;q=x"] {
      XCTAssertFalse(accepts(values), values)
    }
    XCTAssertFalse(accepts())
  }
}
