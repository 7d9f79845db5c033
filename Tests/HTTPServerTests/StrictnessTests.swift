// What must be refused, and what must not: each case is the bytes of a request and the status of the answer.
import HTTPServer
import XCTest

final class StrictnessTests: XCTestCase {
  private static let get = "GET /a HTTP/1.1\r\nHost: h\r\n"
  private static let post = "POST /a HTTP/1.1\r\nHost: h\r\n"

  private static let refused: [(name: String, bytes: String, status: Int)] = [
    // Two lengths are how requests are smuggled past a proxy.
    ("length and chunked", post + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    ("chunked and length", post + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n", 400),
    ("two lengths", post + "Content-Length: 3\r\nContent-Length: 5\r\n\r\nabcde", 400),
    ("one length twice", post + "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 400),
    ("list of lengths", post + "Content-Length: 3, 3\r\n\r\nabc", 400),
    ("negative length", post + "Content-Length: -3\r\n\r\nabc", 400),
    ("signed length", post + "Content-Length: +3\r\n\r\nabc", 400),
    ("hexadecimal length", post + "Content-Length: 0x3\r\n\r\nabc", 400),
    ("empty length", post + "Content-Length:\r\n\r\n", 400),
    ("huge length", post + "Content-Length: 99999999999999999999999\r\n\r\n", 400),
    ("large length", post + "Content-Length: 999999999999\r\n\r\n", 413),
    ("other coding", post + "Transfer-Encoding: gzip\r\n\r\nabc", 501),
    ("two codings", post + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
    ("chunked twice", post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    ("chunked, chunked", post + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", 501),
    ("xchunked", post + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501),
    ("chunked with vertical tab", post + "Transfer-Encoding: \u{0B}chunked\r\n\r\n0\r\n\r\n", 400),
    ("chunked in 1.0", "POST /a HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    ("space before colon", post + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", 400),
    // Hosts.
    ("no host", "GET /a HTTP/1.1\r\n\r\n", 400),
    ("two hosts", "GET /a HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
    ("two hosts in 1.0", "GET /a HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", 400),
    ("host with path", "GET /a HTTP/1.1\r\nHost: a/b\r\n\r\n", 400),
    ("host with user", "GET /a HTTP/1.1\r\nHost: u@a\r\n\r\n", 400),
    // Lines and bytes.
    ("folded value", get + "X: a\r\n b\r\n\r\n", 400),
    ("folded first field", "GET /a HTTP/1.1\r\n Host: h\r\n\r\n", 400),
    ("bare LF", "GET /a HTTP/1.1\nHost: h\n\n", 400),
    ("bare LF at the end", get + "\n", 400),
    ("bare LF in a value", get + "X: a\nY: b\r\n\r\n", 400),
    ("bare CR in a value", get + "X: a\rY: b\r\n\r\n", 400),
    ("CR CR LF", get + "X: a\r\r\n\r\n", 400),
    ("bare CR in the request line", "GET /a\rb HTTP/1.1\r\nHost: h\r\n\r\n", 400),
    ("NUL in a value", get + "X: a\0b\r\n\r\n", 400),
    ("NUL in a name", get + "X\0: a\r\n\r\n", 400),
    ("NUL in the target", "GET /a\0 HTTP/1.1\r\nHost: h\r\n\r\n", 400),
    ("DEL in a value", get + "X: a\u{7f}\r\n\r\n", 400),
    ("escape in a value", get + "X: \u{1b}[2J\r\n\r\n", 400),
    ("empty name", get + ": a\r\n\r\n", 400),
    ("no colon", get + "X\r\n\r\n", 400),
    ("name that is no token", get + "X(y): a\r\n\r\n", 400),
    ("two empty lines before", "\r\n\r\n" + get + "\r\n", 400),
    // Request lines.
    ("method that is no token", "G(T /a HTTP/1.1\r\nHost: h\r\n\r\n", 400),
    ("endless method", String(repeating: "A", count: 40) + " /a HTTP/1.1\r\nHost: h\r\n\r\n", 400),
    ("leading space", " GET /a HTTP/1.1\r\nHost: h\r\n\r\n", 400),
    ("two spaces", "GET  /a HTTP/1.1\r\nHost: h\r\n\r\n", 400),
    ("tab", "GET\t/a HTTP/1.1\r\nHost: h\r\n\r\n", 400),
    ("space in the target", "GET /a b HTTP/1.1\r\nHost: h\r\n\r\n", 400),
    ("fragment", "GET /a#b HTTP/1.1\r\nHost: h\r\n\r\n", 400),
    ("bytes above ASCII in the target", "GET /ä HTTP/1.1\r\nHost: h\r\n\r\n", 400),
    ("no target", "GET HTTP/1.1\r\nHost: h\r\n\r\n", 400),
    ("relative target", "GET a HTTP/1.1\r\nHost: h\r\n\r\n", 400),
    ("authority form", "GET h:80 HTTP/1.1\r\nHost: h\r\n\r\n", 400),
    ("other scheme", "GET ftp://h/a HTTP/1.1\r\nHost: h\r\n\r\n", 400),
    ("absolute without host", "GET http:///a HTTP/1.1\r\nHost: h\r\n\r\n", 400),
    ("absolute with user", "GET http://u@h/a HTTP/1.1\r\nHost: h\r\n\r\n", 400),
    ("star for GET", "GET * HTTP/1.1\r\nHost: h\r\n\r\n", 400),
    ("CONNECT", "CONNECT h:80 HTTP/1.1\r\nHost: h\r\n\r\n", 501),
    ("HTTP/0.9", "GET /a\r\n\r\n", 400),
    ("preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    ("version 2.0", "GET / HTTP/2.0\r\nHost: h\r\n\r\n", 505),
    ("version 1.2", "GET /a HTTP/1.2\r\nHost: h\r\n\r\n", 505),
    ("version in lower case", "GET /a http/1.1\r\nHost: h\r\n\r\n", 400),
    ("version of many digits", "GET /a HTTP/1.10\r\nHost: h\r\n\r\n", 400),
    ("TLS", "\u{16}\u{03}\u{01}\u{02}\0", 400),
    ("expectation", get + "Expect: 200-ok\r\n\r\n", 417),
    // Chunks.
    ("chunk size", post + "Transfer-Encoding: chunked\r\n\r\nZ\r\n", 400),
    ("chunk size with sign", post + "Transfer-Encoding: chunked\r\n\r\n+3\r\nabc\r\n0\r\n\r\n", 400),
    ("chunk size with prefix", post + "Transfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\n", 400),
    ("chunk size with space", post + "Transfer-Encoding: chunked\r\n\r\n3 \r\nabc\r\n0\r\n\r\n", 400),
    ("no chunk size", post + "Transfer-Encoding: chunked\r\n\r\n\r\nabc", 400),
    ("chunk size with bare LF", post + "Transfer-Encoding: chunked\r\n\r\n3\nabc\r\n0\r\n\r\n", 400),
    ("bare LF in an extension", post + "Transfer-Encoding: chunked\r\n\r\n3;a\nabc\r\n0\r\n\r\n", 400),
    ("bare CR in an extension", post + "Transfer-Encoding: chunked\r\n\r\n3;a\rabc\r\n0\r\n\r\n", 400),
    ("chunk longer than it says", post + "Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n", 400),
    ("chunk end with bare LF", post + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\n0\r\n\r\n", 400),
    ("huge chunk", post + "Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFFF\r\n", 413),
    ("folded trailer", post + "Transfer-Encoding: chunked\r\n\r\n0\r\nX: a\r\n b\r\n\r\n", 400),
    ("nameless second trailer", post + "Transfer-Encoding: chunked\r\n\r\n0\r\nX: a\r\n: b\r\n\r\n", 400),
    ("trailer without colon", post + "Transfer-Encoding: chunked\r\n\r\n0\r\nX\r\n\r\n", 400),
    ("NUL in a trailer", post + "Transfer-Encoding: chunked\r\n\r\n0\r\nX: \0\r\n\r\n", 400),
  ]

  private static let accepted: [(name: String, bytes: String, body: String)] = [
    ("plain", get + "\r\n", "GET /a "),
    ("empty line before", "\r\n" + get + "\r\n", "GET /a "),
    ("empty host", "GET /a HTTP/1.1\r\nHost:\r\n\r\n", "GET /a "),
    ("IPv6 host", "GET /a HTTP/1.1\r\nhOsT: [::1]:80\r\n\r\n", "GET /a "),
    ("absolute", "GET HTTP://h:80/a?b=%20 HTTP/1.1\r\nHost: other\r\n\r\n", "GET HTTP://h:80/a?b=%20 "),
    ("star", "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", "OPTIONS * "),
    ("unknown method", "BREW /a HTTP/1.1\r\nHost: h\r\n\r\n", "BREW /a "),
    ("bytes above ASCII in a value", get + "X: ä\t b\r\n\r\n", "GET /a "),
    ("no length", post + "\r\n", "POST /a "),
    ("length", post + "content-length:3\t \r\n\r\nabc", "POST /a abc"),
    ("leading zeros", post + "Content-Length: 0003\r\n\r\nabc", "POST /a abc"),
    ("body of GET", get + "Content-Length: 1\r\n\r\nx", "GET /a x"),
    (
      "chunked", post + "Transfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\n00A;n=\"v\"\r\n0123456789\r\n0\r\n\r\n",
      "POST /a abc0123456789"
    ),
    ("trailers", post + "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n000\r\nA: b\r\nC:\r\n\r\n", "POST /a x"),
    ("version 1.0", "GET /a HTTP/1.0\r\n\r\n", "GET /a "),
  ]

  func testRefusals() async throws {
    let server = try TestServer()
    for test in Self.refused {
      let answer = try server.talk(test.bytes)
      XCTAssertTrue(answer.hasPrefix("HTTP/1.1 \(test.status) "), "\(test.name): \(answer.prefix(60))")
      XCTAssertEqual(answer.components(separatedBy: "\r\nDate: ").count, 2, "\(test.name): one answer only: \(answer)")
      XCTAssertTrue(answer.contains("\r\nConnection: close\r\n"), test.name)
      XCTAssertTrue(answer.contains("\r\n\r\n{\"error\":{\"code\":\""), test.name)
    }
    await server.stop()
    XCTAssertEqual(server.server.connectionCount, 0)
  }

  /// The same however the bytes are cut into packets: what a proxy sends depends on chance.
  func testAcceptedAndRefusedWhereverTheyAreCut() async throws {
    let server = try TestServer()
    for test in Self.accepted {
      let bytes = Array(test.bytes.utf8)
      for cut in 0..<bytes.count {
        let client = try server.client()
        client.send(Array(bytes[..<cut]))
        if cut % 7 == 3 { usleep(300) }
        client.send(Array(bytes[cut...]))
        let response = client.response()
        XCTAssertEqual(response?.status, 200, "\(test.name), cut at \(cut)")
        XCTAssertEqual(response?.text, test.body, "\(test.name), cut at \(cut)")
      }
    }
    for test in Self.refused.filter({ $0.bytes.utf8.count < 120 }) {
      let bytes = Array(test.bytes.utf8)
      let client = try server.client()
      for byte in bytes { client.send([byte]) }
      XCTAssertTrue(client.readAll().hasPrefix("HTTP/1.1 \(test.status) "), "\(test.name), byte by byte")
    }
    await server.stop()
  }

  func testHostOfAnAbsoluteTargetCounts() async throws {
    let server = try TestServer { request in
      HTTPResponse(
        contentType: "text/plain", Array("\(request.path)|\(request.query ?? "-")|\(request.headers["host"] ?? "-")".utf8))
    }
    for (target, wanted) in [
      ("http://real:81/p?q", "/p|q|real:81"), ("http://real?q", "/|q|real"), ("http://real", "/|-|real"), ("/p?", "/p||h"),
    ] {
      let client = try server.client()
      client.send("GET \(target) HTTP/1.1\r\nHost: h\r\n\r\n")
      XCTAssertEqual(client.response()?.text, wanted)
    }
    await server.stop()
  }
}
