// Outgoing calls against a server of our own: what arrives, what is refused, what is capped.
import Core
import Foundation
import HTTPServer
import Kinds
import XCTest

@testable import OutgoingHTTP

final class OutgoingHTTPTests: XCTestCase {
  private struct Handler: HTTPHandler {
    let answer: @Sendable (HTTPRequest) async -> HTTPResponse
    func handle(_ request: HTTPRequest) async -> HTTPResponse { await answer(request) }
    func bodyLimit(for head: HTTPRequest) -> Int { 8 << 20 }
  }

  private typealias Answer = @Sendable (HTTPRequest) async -> HTTPResponse

  /// Names with fixed addresses, and how often each was asked for.
  private final class Names: HostResolver, @unchecked Sendable {
    private let lock = NSLock()
    private let answers: [String: [[String]]]
    private var asked: [String: Int] = [:]
    init(_ answers: [String: [[String]]]) { self.answers = answers }
    func addresses(of host: String) async -> [String] {
      if host == "slow.test" { try? await Task.sleep(for: .seconds(30)) }
      return lock.withLock {
        let times = asked[host, default: 0]
        asked[host] = times + 1
        let list = answers[host] ?? [[]]
        return list[min(times, list.count - 1)]
      }
    }
    func count(_ host: String) -> Int { lock.withLock { asked[host] ?? 0 } }
  }

  private func withServer(
    _ answer: @escaping @Sendable (HTTPRequest) async -> HTTPResponse, _ body: (Int) async throws -> Void
  ) async throws {
    let server = try HTTPServer(listen: "127.0.0.1", port: 0, loops: 1, handler: Handler(answer: answer), log: { _ in })
    try server.start()
    try await body(server.port)
    await server.shutdown(within: .milliseconds(100))
  }

  private let echo: @Sendable (HTTPRequest) async -> HTTPResponse = { request in
    let lines = ["\(request.method) \(request.target)"] + request.headers.map { "\($0.name): \($0.value)" }.sorted()
    return HTTPResponse(
      status: 201, headers: ["Content-Type": "text/plain", "X-Empty": ""],
      body: .bytes(Array((lines.joined(separator: "\n") + "\n\n").utf8) + request.body))
  }

  private func failure(_ result: Result<OutgoingResponse, OutgoingFailure>) -> OutgoingFailure? {
    if case .failure(let failure) = result { return failure }
    return nil
  }

  func testWhatArrives() async throws {
    try await withServer(echo) { port in
      let names = Names(["hook.test": [["127.0.0.1"]]])
      let outgoing = OutgoingHTTP(allowPrivateTargets: true, resolver: names)
      let body = Array("@/etc/passwd \"quoted\" \\ \0\r\n ü".utf8) + [0, 255, 254]
      let response = try await outgoing.send(
        OutgoingRequest(
          method: "POST", url: "http://hook.test:\(port)/a/../b%20c?d=[1-3]{x,y}".replacingOccurrences(of: "{x,y}", with: ""),
          headers: [
            ("X-Quote", "a\"b\\c\td"), ("X-None", ""), ("Host", "evil"), ("Content-Length", "1"), ("X-At", "@/etc/passwd"),
          ],
          body: body)
      ).get()
      XCTAssertEqual(response.status, 201)
      XCTAssertEqual(response.header("x-empty"), "")
      let parts = response.body.firstRange(of: Array("\n\n".utf8)).map {
        (response.body[..<$0.lowerBound], response.body[$0.upperBound...])
      }
      XCTAssertEqual(
        String(decoding: parts?.0 ?? [], as: UTF8.self).split(separator: "\n").map(String.init),
        [
          "POST /a/../b%20c?d=[1-3]", "Accept: */*", "Content-Length: \(body.count)", "Content-Type: application/octet-stream",
          "Host: hook.test:\(port)", "User-Agent: plumb", "X-At: @/etc/passwd", "X-None: ", "X-Quote: a\"b\\c\td",
        ])
      XCTAssertEqual(parts.map { Array($0.1) }, body)
      for method in ["GET", "PUT", "DELETE", "PATCH", "HEAD"] {
        let response = try await outgoing.send(OutgoingRequest(method: method, url: "http://127.0.0.1:\(port)/")).get()
        XCTAssertEqual(response.status, 201, method)
        XCTAssertEqual(response.body.starts(with: "\(method) /".utf8), method != "HEAD", method)
      }
      let big = try await outgoing.send(
        OutgoingRequest(method: "POST", url: "http://127.0.0.1:\(port)/", body: [UInt8](repeating: 65, count: 2_000_000))
      ).get()
      XCTAssertEqual(big.status, 201)
    }
  }

  func testSecretsAreInNoArgument() async throws {
    let answer: Answer = { _ in
      let pids = (try? FileManager.default.contentsOfDirectory(atPath: "/proc"))?.filter { Int($0) != nil } ?? []
      let lines = pids.compactMap { FileManager.default.contents(atPath: "/proc/\($0)/cmdline") }.map {
        String(decoding: $0, as: UTF8.self)
      }
      return HTTPResponse(contentType: "text/plain", Array(lines.filter { $0.hasPrefix("curl\0") }.joined(separator: "\n").utf8))
    }
    try await withServer(answer) { port in
      let response = try await OutgoingHTTP(allowPrivateTargets: true).send(
        OutgoingRequest(url: "http://127.0.0.1:\(port)/secret-path", headers: [("Authorization", "Bearer hush")])
      ).get()
      let text = String(decoding: response.body, as: UTF8.self)
      XCTAssertTrue(text.contains("curl"), text)
      XCTAssertFalse(text.contains("hush") || text.contains("secret-path"), text)
    }
  }

  func testRefusedTargets() async throws {
    let called = CallCounter()
    let answer: Answer = { _ in
      called.add()
      return HTTPResponse(status: 200)
    }
    try await withServer(answer) { port in
      let names = Names(["rebind.test": [["127.0.0.1"]], "mixed.test": [["10.0.0.1", "::ffff:127.0.0.1"]], "none.test": [[]]])
      let outgoing = OutgoingHTTP(allowPrivateTargets: false, resolver: names)
      for url in [
        "http://127.0.0.1:\(port)/", "http://[::ffff:127.0.0.1]:\(port)/", "http://rebind.test:\(port)/",
        "http://mixed.test:\(port)/",
      ] {
        let failure = failure(await outgoing.send(OutgoingRequest(url: url)))
        XCTAssertEqual(failure?.reason, .refusedTarget, url)
        XCTAssertEqual(failure?.mayHaveArrived, false)
      }
      // Spellings of addresses that only the system's resolver reads.
      let real = OutgoingHTTP(allowPrivateTargets: false)
      for host in ["localhost", "127.1", "0x7f000001", "2130706433", "0177.0.0.1"] {
        let failure = failure(await real.send(OutgoingRequest(url: "http://\(host):\(port)/")))
        XCTAssertTrue([.refusedTarget, .unresolved].contains(failure?.reason), host)
      }
      let missing = failure(await outgoing.send(OutgoingRequest(url: "http://none.test/")))
      XCTAssertEqual(missing?.reason, .unresolved)
      let bad = failure(await outgoing.send(OutgoingRequest(url: "http://u:p@example.com/")))
      XCTAssertEqual(bad?.reason, .invalid)
      let anywhere = failure(await OutgoingHTTP(allowPrivateTargets: true).send(OutgoingRequest(url: "http://0.0.0.0:\(port)/")))
      XCTAssertEqual(anywhere?.reason, .refusedTarget)
    }
    XCTAssertEqual(called.count, 0)
  }

  /// A name that answers differently the second time: it is asked once, and that answer is used.
  func testNamesAreResolvedOnce() async throws {
    try await withServer(echo) { port in
      let names = Names(["moving.test": [["127.0.0.1"], ["127.0.0.9"]], "second.test": [["127.0.0.9", "127.0.0.1"]]])
      let outgoing = OutgoingHTTP(allowPrivateTargets: true, resolver: names)
      let response = try await outgoing.send(OutgoingRequest(url: "http://moving.test:\(port)/")).get()
      XCTAssertEqual(response.status, 201)
      XCTAssertEqual(names.count("moving.test"), 1)
      let second = try await outgoing.send(OutgoingRequest(url: "http://second.test:\(port)/")).get()
      XCTAssertEqual(second.status, 201, "the second address is tried when the first refuses")
    }
  }

  func testRedirectsAreNotFollowed() async throws {
    let called = CallCounter()
    let answer: Answer = { request in
      called.add()
      return HTTPResponse(status: 302, headers: ["Location": "/again"])
    }
    try await withServer(answer) { port in
      let response = try await OutgoingHTTP(allowPrivateTargets: true).send(OutgoingRequest(url: "http://127.0.0.1:\(port)/"))
        .get()
      XCTAssertEqual(response.status, 302)
      XCTAssertEqual(response.header("Location"), "/again")
    }
    XCTAssertEqual(called.count, 1)
  }

  func testLimits() async throws {
    let answer: Answer = { request in
      switch request.path {
      case "/hang":
        try? await Task.sleep(for: .seconds(20))
        return HTTPResponse(status: 200)
      case "/drip":
        return HTTPResponse(
          status: 200,
          body: .stream { writer in
            while true {
              try await writer.write("x")
              try await Task.sleep(for: .milliseconds(50))
            }
          })
      case "/endless":
        return HTTPResponse(
          status: 200,
          body: .stream { writer in
            while true { try await writer.write([UInt8](repeating: 65, count: 10_000)) }
          })
      default: return HTTPResponse(contentType: "image/png", [UInt8](repeating: 65, count: Int(request.path.dropFirst()) ?? 0))
      }
    }
    try await withServer(answer) { port in
      let outgoing = OutgoingHTTP(allowPrivateTargets: true)
      func send(_ path: String) async -> Result<OutgoingResponse, OutgoingFailure> {
        await outgoing.send(OutgoingRequest(url: "http://127.0.0.1:\(port)\(path)", timeout: .milliseconds(500)))
      }
      for path in ["/hang", "/drip"] {
        let began = ContinuousClock.now
        let failure = failure(await send(path))
        XCTAssertEqual(failure?.reason, .timeout, path)
        XCTAssertEqual(failure?.mayHaveArrived, true, path)
        XCTAssertLessThan(began.duration(to: .now), .seconds(2))
        XCTAssertGreaterThanOrEqual(failure?.durationMs ?? 0, 450)
      }
      let limit = OutgoingHTTP.responseLimit
      for (path, count, isCut) in [("/\(limit)", limit, false), ("/\(limit + 1)", limit, true), ("/endless", limit, true)] {
        let response = try await send(path).get()
        XCTAssertEqual(response.status, 200)
        XCTAssertEqual(response.body.count, count, path)
        XCTAssertEqual(response.isCut, isCut, path)
      }
      let slow = failure(
        await OutgoingHTTP(allowPrivateTargets: true, resolver: Names([:])).send(
          OutgoingRequest(url: "http://slow.test/", timeout: .milliseconds(200))))
      XCTAssertEqual(slow?.reason, .timeout)
      XCTAssertEqual(slow?.mayHaveArrived, false)
    }
  }

  func testFailures() async throws {
    let outgoing = OutgoingHTTP(allowPrivateTargets: true)
    var port = 0
    try await withServer(echo) { open in
      port = open
      let tls = failure(await outgoing.send(OutgoingRequest(url: "https://127.0.0.1:\(open)/")))
      XCTAssertEqual(tls?.reason, .tls)
      XCTAssertEqual(tls?.mayHaveArrived, false)
    }
    let closed = failure(await outgoing.send(OutgoingRequest(url: "http://127.0.0.1:\(port)/")))
    XCTAssertEqual(closed?.reason, .connectFailed)
    XCTAssertEqual(closed?.mayHaveArrived, false)
    for program in [nil, "/nonexistent/curl"] {
      let missing = failure(
        await OutgoingHTTP(allowPrivateTargets: true, program: program).send(OutgoingRequest(url: "http://127.0.0.1/")))
      XCTAssertEqual(missing?.reason, .programMissing)
      XCTAssertTrue(missing?.message.contains("curl") ?? false)
    }
    for request in [
      OutgoingRequest(method: "GET /", url: "http://127.0.0.1/"),
      OutgoingRequest(url: "http://127.0.0.1/", headers: [("X", "a\nb")]),
      OutgoingRequest(url: "http://127.0.0.1/", headers: [("X Y", "a")]), OutgoingRequest(url: "nonsense"),
    ] {
      let refused = failure(await outgoing.send(request))
      XCTAssertEqual(refused?.reason, .invalid)
    }
    let large = failure(
      await outgoing.send(
        OutgoingRequest(url: "http://127.0.0.1/", body: [UInt8](repeating: 0, count: OutgoingHTTP.requestLimit + 1))))
    XCTAssertEqual(large?.reason, .tooLarge)
  }

  func testService() async throws {
    let answer: Answer = { request in
      let status = Int(request.path.dropFirst()) ?? 500
      return HTTPResponse(
        status: status, headers: ["Content-Type": "text/plain"],
        body: .bytes(Array((request.headers["Idempotency-Key"] ?? "-").utf8) + request.body))
    }
    try await withServer(answer) { port in
      let service = HTTPService(OutgoingHTTP(allowPrivateTargets: true))
      let metadata = ObjectMetadata(
        tenant: UID(high: 1, low: 1), uid: UID(high: 1, low: 2), kind: "Webhook", name: "w", generation: 1, labels: [:],
        created: Timestamp(microseconds: 0))
      func reply(_ path: String, _ kind: Step.Class) async -> StepReply {
        let step = Step(
          name: "s", service: "http", operation: "post",
          arguments: ["url": .string("http://127.0.0.1:\(port)\(path)"), "body": "b", "timeoutSeconds": 5], kind: kind,
          deadline: .seconds(10))
        return await service.perform(step, key: "k", metadata: metadata)
      }
      let done = await reply("/200", .keyed)
      XCTAssertEqual(done.outcome, .done)
      XCTAssertEqual(done.value["status"].int, 200)
      XCTAssertEqual(done.value["body"].string, "kb")
      let plain = await reply("/204", .idempotent)
      XCTAssertEqual(plain.outcome, .done)
      let refused = await reply("/404", .idempotent)
      XCTAssertEqual(refused.outcome, .failed)
      XCTAssertEqual(refused.value["body"].string, "-b")
      let bad = await service.perform(
        Step(name: "s", service: "http", operation: "post", arguments: ["url": "nope"], kind: .once, deadline: .seconds(1)),
        key: "k", metadata: metadata)
      XCTAssertEqual(bad.outcome, .failed)
      XCTAssertEqual(bad.value["error"]["code"].string, "invalid")
      let seen = try await service.observe(
        metadata, operation: "get", arguments: ["url": .string("http://127.0.0.1:\(port)/200")])
      XCTAssertEqual(seen["status"].int, 200)
    }
  }
}

private final class CallCounter: @unchecked Sendable {
  private let lock = NSLock()
  private var calls = 0
  func add() { lock.withLock { calls += 1 } }
  var count: Int { lock.withLock { calls } }
}
