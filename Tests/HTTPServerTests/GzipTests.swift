// Compression: whatever goes in comes out of gunzip, and goes out compressed only when it should.
import Core
import Foundation
import XCTest

@testable import HTTPServer

final class GzipTests: XCTestCase {
  private func gunzip(_ packed: [UInt8]) throws -> [UInt8] {
    let path = NSTemporaryDirectory() + "plumb-gzip-\(getpid())-\(UInt64.random(in: 0 ... .max))"
    try Data(packed).write(to: URL(fileURLWithPath: path))
    defer { unlink(path) }
    let program = Process()
    program.executableURL = URL(fileURLWithPath: "/bin/sh")
    program.arguments = ["-c", "gunzip -c < \(path)"]
    let output = Pipe()
    program.standardOutput = output
    try program.run()
    let bytes = [UInt8](output.fileHandleForReading.readDataToEndOfFile())
    program.waitUntilExit()
    XCTAssertEqual(program.terminationStatus, 0, "gunzip found a fault")
    return bytes
  }

  func testRoundTrips() throws {
    let seed = UInt64.random(in: 0 ... .max)
    let random = SeededRandom(seed: seed)
    func bytes(_ count: Int, of alphabet: UInt64) -> [UInt8] { (0..<count).map { _ in UInt8(random.next() % alphabet) } }
    var repeated = bytes(40_000, of: 256)
    repeated += repeated[..<30_000]  // Beyond the window and within it.
    repeated += repeated[20_000..<45_000]
    let json = (0..<3000).map { "{\"name\":\"item-\($0)\",\"spec\":{\"replicas\":\($0 % 7),\"image\":\"registry/app:\($0)\"}}\n" }
      .joined()
    let inputs: [[UInt8]] =
      [
        [], [0], [255, 255], Array("abc".utf8), Array("abcabc".utf8), [UInt8](repeating: 65, count: 100_000),
        bytes(70_000, of: 256),
        bytes(70_000, of: 2), bytes(50_000, of: 5), Array(json.utf8), repeated, (0...255).map { UInt8($0) },
      ] + (1...12).map { bytes($0 * 7, of: 3) }
    for input in inputs { XCTAssertEqual(try gunzip(Gzip.compress(input)), input, "seed \(seed), \(input.count) bytes") }
    XCTAssertLessThan(Gzip.compress(Array(json.utf8)).count * 5, json.utf8.count, "JSON shrinks to a fifth")
    XCTAssertEqual(Gzip.crc32(Array("123456789".utf8)), 0xCBF4_3926)
  }

  func testOnlyWhatGainsIsCompressed() async throws {
    let server = try TestServer { request in
      var response = HTTPResponse(contentType: "application/json; charset=utf-8", [UInt8](repeating: 65, count: 100_000))
      switch request.path {
      case "/small": response.body = .bytes([UInt8](repeating: 65, count: 1023))
      case "/image": response.headers["Content-Type"] = "image/png"
      case "/coded": response.headers["Content-Encoding"] = "br"
      case "/medium": response.body = .bytes([UInt8](repeating: 65, count: 5000))
      case "/random": response.body = .bytes((0..<5000).map { _ in UInt8.random(in: 0...255) })
      default: break
      }
      return response
    }
    let client = try server.client()
    func ask(_ path: String, _ accept: String = "Accept-Encoding: gzip\r\n", method: String = "GET") throws -> RawResponse {
      client.send("\(method) \(path) HTTP/1.1\r\nHost: h\r\n\(accept)\r\n")
      return try XCTUnwrap(client.response(toHead: method == "HEAD"), path)
    }
    for (path, count) in [("/medium", 5000), ("/large", 100_000)] {
      let packed = try ask(path)
      XCTAssertEqual(packed.header("Content-Encoding"), "gzip")
      XCTAssertEqual(packed.header("Vary"), "Accept-Encoding")
      XCTAssertLessThan(packed.body.count, 1000)
      XCTAssertEqual(try gunzip(packed.body), [UInt8](repeating: 65, count: count))
      let head = try ask(path, method: "HEAD")
      XCTAssertEqual(head.header("Content-Length"), packed.header("Content-Length"))
      let plain = try ask(path, "")
      XCTAssertEqual(plain.body.count, count)
      XCTAssertNil(plain.header("Content-Encoding"))
      XCTAssertEqual(plain.header("Vary"), "Accept-Encoding", "caches must know that the client's wish counts")
    }
    for path in ["/small", "/image", "/random"] {
      let plain = try ask(path)
      XCTAssertNil(plain.header("Content-Encoding"), path)
    }
    XCTAssertEqual(try ask("/coded").header("Content-Encoding"), "br")
    await server.stop()
  }
}
