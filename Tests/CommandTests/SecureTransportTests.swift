// The client over TLS: a real server (openssl s_server), a certificate that is trusted, one that is not, nobody there.
import Core
import Foundation
import XCTest

@testable import PlumbCommand

final class SecureTransportTests: XCTestCase {
  private static let deadline: TimeInterval = 60
  private var folder = ""

  override func setUpWithError() throws {
    folder = NSTemporaryDirectory() + "plumb-tls-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try run([
      "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
      "/CN=localhost",
      "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", "\(folder)/key.pem", "-out", "\(folder)/cert.pem",
    ])
  }

  override func tearDown() {
    unsetenv("CURL_CA_BUNDLE")
    try? FileManager.default.removeItem(atPath: folder)
  }

  private func process(_ arguments: [String]) -> Process {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
    process.arguments = arguments
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    process.standardInput = FileHandle.nullDevice
    return process
  }

  private func run(_ arguments: [String]) throws {
    let process = process(arguments)
    try process.run()
    process.waitUntilExit()
    XCTAssertEqual(process.terminationStatus, 0)
  }

  /// The answer of the first try that found the server up, or the last failure.
  private func answer(_ url: String, until isFinal: (Problem) -> Bool) throws -> ClientResponse {
    let end = Date(timeIntervalSinceNow: Self.deadline)
    while true {
      do {
        return try SecureTransport(base: url).send(
          ClientRequest(method: "GET", target: "/", headers: [("Authorization", "Bearer secret")]), within: .seconds(30))
      } catch let problem as Problem where Date() < end && !isFinal(problem) {
        usleep(50_000)
      }
    }
  }

  func testCertificatesAreChecked() throws {
    let port = Int.random(in: 21_000..<29_000)
    let server = process(
      ["s_server", "-accept", "127.0.0.1:\(port)", "-key", "\(folder)/key.pem", "-cert", "\(folder)/cert.pem", "-www", "-quiet"])
    try server.run()
    defer { server.terminate() }
    let url = "https://localhost:\(port)"

    setenv("CURL_CA_BUNDLE", "\(folder)/cert.pem", 1)
    let trusted = try answer(url) { _ in false }
    XCTAssertEqual(trusted.status, 200)
    XCTAssertEqual(trusted.headers["content-type"], "text/html")
    XCTAssertTrue(String(decoding: trusted.body, as: UTF8.self).contains("s_server"))
    var streamed: [UInt8] = []
    let stream = try SecureTransport(base: url).stream(ClientRequest(method: "GET", target: "/")) {
      streamed += $0
      return true
    }
    XCTAssertEqual(stream.status, 200)
    XCTAssertTrue(String(decoding: streamed, as: UTF8.self).contains("s_server"))

    unsetenv("CURL_CA_BUNDLE")
    XCTAssertThrowsError(try answer(url) { $0.message.contains("certificate") }) { error in
      XCTAssertEqual((error as? Problem)?.code, "no_server")
      XCTAssertTrue("\((error as? Problem)?.message ?? "")".contains("certificate"), "\(error)")
    }
  }

  func testNobodyThere() {
    XCTAssertThrowsError(
      try SecureTransport(base: "https://127.0.0.1:1").send(.init(method: "GET", target: "/"), within: .seconds(30))
    ) {
      XCTAssertEqual(($0 as? Problem)?.code, "no_server")
    }
  }

  func testHeadInPieces() throws {
    var head = ResponseHead()
    let text = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nX-One: a: b\r\n\r\nbody"
    var body: [UInt8] = []
    for byte in text.utf8 { body += try head.take([byte]) }
    XCTAssertEqual(head.response?.status, 201)
    XCTAssertEqual(head.response?.headers["x-one"], "a: b")
    XCTAssertEqual(String(decoding: body, as: UTF8.self), "body")
    var other = ResponseHead()
    XCTAssertThrowsError(try other.take(Array("SSH-2.0-OpenSSH\r\n\r\n".utf8)))
  }
}
