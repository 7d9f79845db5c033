// Seeded garbage: whatever comes, the server neither stops nor answers differently for another cutting of the same bytes.
import Core
import XCTest

@testable import HTTPServer

final class FuzzTests: XCTestCase {
  private static let pieces = [
    "GET ", "POST ", "HEAD ", "OPTIONS ", "/a", "*", "http://h/x", " HTTP/1.1", " HTTP/1.0", "\r\n", "\r\n\r\n", "\r", "\n",
    "Host: h\r\n",
    "Content-Length: ", "3", "0", "-1", "99999999999999999", "Transfer-Encoding: chunked\r\n", "Transfer-Encoding: ", "chunked",
    "gzip",
    "Connection: close\r\n", "Connection: keep-alive\r\n", "Expect: 100-continue\r\n", "X: y\r\n", ": ", ":", " ", "\t", ",", ";",
    "\0",
    "\u{7f}", "ä", "abc", "5\r\nhello\r\n", "0\r\n\r\n", "FFFFFFFFFFFFFFFF", "A;b=c\r\n", "GET /a HTTP/1.1\r\nHost: h\r\n\r\n",
    "POST /b HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc",
  ].map { Array($0.utf8) }

  private func garbage(_ random: SeededRandom) -> [UInt8] {
    var bytes: [UInt8] = random.next() % 2 == 0 ? Array("POST /a HTTP/1.1\r\nHost: h\r\n".utf8) : []
    for _ in 0..<(random.next() % 12) {
      if random.next() % 12 == 0 {
        bytes.append(UInt8(truncatingIfNeeded: random.next()))
      } else {
        bytes += Self.pieces[Int(random.next() % UInt64(Self.pieces.count))]
      }
    }
    return bytes
  }

  /// The parts, without a network: the outcome does not depend on how the bytes were cut.
  func testCuttingChangesNothing() {
    let seed = UInt64.random(in: 0 ... .max)
    let random = SeededRandom(seed: seed)
    for round in 0..<20_000 {
      let bytes = garbage(random)
      let whole = outcome(bytes, cuts: [])
      let cuts = (0..<(1 + random.next() % 3)).map { _ in Int(random.next() % UInt64(bytes.count + 1)) }
      XCTAssertEqual(outcome(bytes, cuts: cuts.sorted()), whole, "seed \(seed), round \(round), cut at \(cuts)")
    }
  }

  /// What becomes of the first request in `bytes`, as text, when they arrive in pieces.
  private func outcome(_ bytes: [UInt8], cuts: [Int]) -> String {
    let limits = HTTPLimits()
    var scanner = HeadScanner()
    for end in cuts + [bytes.count] {
      let outcome = bytes.withUnsafeBufferPointer { all -> String? in
        do {
          let seen = UnsafeBufferPointer(rebasing: all[..<end])
          guard case .end(let length) = try scanner.scan(seen, limits: limits) else { return nil }
          let head = try RequestHeadParser.parse(UnsafeBufferPointer(rebasing: all[..<length]))
          guard head.framing == .chunked else { return "\(length) \(head)" }
          return try "\(length) \(head) \(body(all, from: length, cuts: cuts))"
        } catch { return "\(error)" }
      }
      if let outcome { return outcome }
    }
    return "more"
  }

  private func body(_ all: UnsafeBufferPointer<UInt8>, from start: Int, cuts: [Int]) throws -> String {
    var decoder = ChunkedDecoder(bodyLimit: 1000, limits: HTTPLimits())
    var body: [UInt8] = []
    var at = start
    for end in cuts.filter({ $0 > start }) + [all.count] where !decoder.isDone {
      at += try decoder.decode(UnsafeBufferPointer(rebasing: all[at..<end]), into: &body)
    }
    return "\(decoder.isDone) \(at) \(body)"
  }

  func testTheServerSurvives() async throws {
    let seed = UInt64.random(in: 0 ... .max)
    let random = SeededRandom(seed: seed)
    var limits = HTTPLimits()
    limits.lingerTime = .milliseconds(50)
    let server = try TestServer(limits: limits, loops: 2)
    for _ in 0..<3000 {
      let client = try server.client()
      let bytes = garbage(random)
      client.send(bytes)
      switch random.next() % 4 {
      case 0: client.halfClose()
      case 1: client.send(garbage(random))
      default: break
      }
      if random.next() % 3 == 0 {
        client.halfClose()
        let answer = client.readAll()
        XCTAssertTrue(answer.isEmpty || answer.hasPrefix("HTTP/1.1 "), "seed \(seed)")
      }
    }
    let client = try server.client()
    client.send("GET /fine HTTP/1.1\r\nHost: h\r\n\r\n")
    XCTAssertEqual(client.response()?.text, "GET /fine ", "seed \(seed)")
    eventually("all connections end, seed \(seed)") { server.server.connectionCount == 1 }
    await server.stop()
  }
}
