// DNS against a name server of our own that also cuts, lies, breaks and keeps silent.
import Core
import Foundation
import Kinds
import Ports
import XCTest

@testable import NameResolution

final class NameResolutionTests: XCTestCase {
  private var servers: [LocalNameServer] = []
  private let metadata = ObjectMetadata(
    tenant: .rootTenant, uid: UID(high: 1, low: 1), kind: "RootDomain", name: "x", generation: 1, labels: [:],
    created: Timestamp(microseconds: 0))

  override func tearDown() {
    for server in servers { server.stop() }
    servers = []
  }

  private func service(patience: Double = 0.5, answer: @escaping @Sendable ([UInt8], Bool) -> [[UInt8]]) throws -> DNSService {
    let server = LocalNameServer(answer: answer)
    servers.append(server)
    return try DNSService(resolver: "127.0.0.1:\(server.port)", patience: patience)
  }

  private func ask(_ service: DNSService, _ operation: String, _ name: String) async throws -> Value {
    try await service.observe(metadata, operation: operation, arguments: ["name": .string(name)])
  }

  /// The query turned into an answer with these records appended.
  private static func reply(_ query: [UInt8], code: UInt8 = 0, truncated: Bool = false, records: [[UInt8]] = []) -> [UInt8] {
    var bytes = query
    bytes[2] = 0x81 | (truncated ? 2 : 0)
    bytes[3] = 0x80 | code
    bytes[6] = UInt8(records.count >> 8)
    bytes[7] = UInt8(records.count & 255)
    return bytes + records.flatMap { $0 }
  }

  /// A record of the name asked for (by pointer to the question).
  private static func record(_ type: UInt8, _ data: [UInt8], owner: [UInt8] = [0xc0, 12]) -> [UInt8] {
    owner + [0, type, 0, 1, 0, 0, 0, 60, UInt8(data.count >> 8), UInt8(data.count & 255)] + data
  }

  private static func txt(_ parts: String...) -> [UInt8] { record(16, parts.flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) }) }
  private static func kind(_ query: [UInt8]) -> UInt8 { query[query.count - 3] }

  func testTextsAndAddresses() async throws {
    let service = try service { query, _ in
      switch Self.kind(query) {
      case 16: [Self.reply(query, records: [Self.txt("plumb-", "verify-1"), Self.txt("other")])]
      case 1: [Self.reply(query, records: [Self.record(1, [192, 0, 2, 7])])]
      default: [Self.reply(query, records: [Self.record(28, [0x20, 1, 0xd, 0xb8] + [UInt8](repeating: 0, count: 11) + [1])])]
      }
    }
    let texts = try await ask(service, "txt", "_plumb-challenge.Example.com")
    XCTAssertEqual(texts["records"], ["plumb-verify-1", "other"])
    XCTAssertTrue(texts["error"].isNull)
    let addresses = try await ask(service, "address", "example.com")
    XCTAssertEqual(addresses["records"], ["192.0.2.7", "2001:db8::1"])
  }

  func testAliasesAreFollowedAndForeignRecordsIgnored() async throws {
    let service = try service { query, _ in
      guard Self.kind(query) == 1 else { return [Self.reply(query)] }
      let target: [UInt8] = [3, 99, 100, 110, 0]
      return [
        Self.reply(
          query,
          records: [
            Self.record(5, target), Self.record(1, [192, 0, 2, 9], owner: target),
            Self.record(1, [6, 6, 6, 6], owner: [4, 101, 118, 105, 108, 0]),
          ])
      ]
    }
    let seen = try await ask(service, "address", "www.example.com")
    XCTAssertEqual(seen["records"], ["192.0.2.9"])
    XCTAssertEqual(seen["alias"], "cdn")
  }

  func testCutAnswerIsFetchedOverTCP() async throws {
    let service = try service { query, tcp in
      tcp ? [Self.reply(query, records: (0..<60).map { Self.txt("text-\($0)") })] : [Self.reply(query, truncated: true)]
    }
    let seen = try await ask(service, "txt", "big.example.com")
    XCTAssertEqual(seen["records"].list?.count, 60)
  }

  func testForgedAnswersArePassedOver() async throws {
    let service = try service { query, _ in
      var wrongID = Self.reply(query, records: [Self.txt("forged")])
      wrongID[0] ^= 0xff
      var otherQuestion = Self.reply(query, records: [Self.txt("forged")])
      otherQuestion[13] ^= 1
      return [wrongID, otherQuestion, [], [1, 2, 3], query, Self.reply(query, records: [Self.txt("true")])]
    }
    let seen = try await ask(service, "txt", "example.com")
    XCTAssertEqual(seen["records"], ["true"])
  }

  func testBrokenAnswersAreNamedAndEnd() async throws {
    let broken: [@Sendable ([UInt8]) -> [UInt8]] = [
      { Self.reply($0, records: [Self.record(16, [200, 65])]) },
      { Self.reply($0, records: [[0xc0, 0xff]]) },
      // A name that points at itself.
      { query in Self.reply(query, records: [Self.record(16, [1, 65], owner: [0xc0, UInt8(query.count)])]) },
      { query in
        var bytes = Self.reply(query)
        bytes[7] = 9
        return bytes
      },
      { Self.reply($0, records: [Array(Self.txt("x").dropLast(1))]) },
    ]
    for (n, make) in broken.enumerated() {
      let service = try service { query, _ in [make(query)] }
      let seen = try await ask(service, "txt", "example.com")
      XCTAssertEqual(seen["error"]["code"], "bad_answer", "case \(n): \(JSON.text(seen))")
    }
  }

  func testCodesAndSilence() async throws {
    for (code, word) in [(3, "no_such_name"), (2, "server_failure"), (5, "refused"), (0, "no_such_record")] as [(UInt8, String)] {
      let service = try service { query, _ in [Self.reply(query, code: code)] }
      let seen = try await ask(service, "txt", "example.com")
      XCTAssertEqual(seen["error"]["code"].string, word)
      XCTAssertEqual(seen["records"], [])
    }
    let silent = try service(patience: 0.1) { _, _ in [] }
    let began = Date()
    let seen = try await ask(silent, "txt", "example.com")
    XCTAssertEqual(seen["error"]["code"], "timeout")
    XCTAssertLessThan(Date().timeIntervalSince(began), 2)
  }

  func testBadNamesAndResolversAreRefused() async throws {
    let service = try service { query, _ in [Self.reply(query)] }
    for name in [
      "", "a..b", String(repeating: "a", count: 64) + ".com", "bad name.com", String(repeating: "abc.", count: 70) + "com",
      "müller.de",
    ] {
      let seen = try await ask(service, "txt", name)
      XCTAssertEqual(seen["error"]["code"], "bad_name", name)
    }
    for text in ["", "example.com:53", "127.0.0.1:0", "127.0.0.1:99999", "[::1", "::1:x"] {
      XCTAssertThrowsError(try DNSService(resolver: text), text)
    }
    for text in ["127.0.0.1", "127.0.0.1:5353", "::1", "[::1]:53"] { XCTAssertNoThrow(try DNSService(resolver: text), text) }
  }

  func testParserSurvivesGarbage() {
    for seed in 1...3000 as ClosedRange<UInt64> {
      var random = RandomGenerator(SeededRandom(seed: seed))
      guard let query = DNSMessage.query("a.example.com", .txt, id: 7) else { return XCTFail() }
      var bytes = Self.reply(query, records: [Self.txt("hello"), Self.record(5, [0xc0, 12])])
      for _ in 0..<Int.random(in: 1...6, using: &random) {
        bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      if Bool.random(using: &random) { bytes.removeLast(Int.random(in: 0..<bytes.count, using: &random)) }
      // Any outcome but a crash or a hang.
      _ = try? DNSMessage.parse(bytes, id: 7, name: "a.example.com", type: .txt)
    }
  }
}
