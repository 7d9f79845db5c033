// A real server with one more family, `trial`, and everything outside that signing in needs: mail, a gateway of text messages, a provider.
import Core
import Crypto
import Foundation
import HTTPServer
import TestSupport
import XCTest

final class Trial: @unchecked Sendable {
  /// One for all tests of this bundle.
  static let shared: Result<Trial, any Error> = Result {
    let trial = try Trial()
    atexit { if case .success(let trial) = Trial.shared { trial.stop() } }
    return trial
  }

  let server: CaseServer
  let mail: CaseMailServer
  let texts = TextGatewayStandIn()
  let google: OpenIDStandIn
  let http: CaseHTTP
  /// Where the server is, as browsers see it.
  var base: String { "http://127.0.0.1:\(server.port)" }
  static let front = "https://app.example.com"
  static let deploy = "/deploy/api"

  private init() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let specs = FileManager.default.temporaryDirectory.appendingPathComponent("trial-specs-\(UUID().uuidString)")
    try FileManager.default.copyItem(at: root.appendingPathComponent("specs"), to: specs)
    try FileManager.default.copyItem(
      at: root.appendingPathComponent("Tests/Families/trial"), to: specs.appendingPathComponent("trial"))
    mail = try CaseMailServer()
    server = try CaseServer(resolver: 9, mail: mail.port, specs: specs)
    http = CaseHTTP(port: server.port)
    google = OpenIDStandIn(callback: "http://127.0.0.1:\(server.port)/deploy/api/auth/google/callback")
    let gateway = try texts.start()
    let provider = try google.start()
    try configure("app.url", Self.front)
    try configure("google.clientId", OpenIDStandIn.client)
    try configure("google.clientSecret", OpenIDStandIn.secret)
    try configure("google.base", "http://127.0.0.1:\(provider)")
    try configure("sms.url", "http://127.0.0.1:\(gateway)/v1/")
    try configure("sms.token", TextGatewayStandIn.token, type: "secret")
    try configure("sms.sender", "Plumb")
  }

  private func stop() {
    server.stop()
    mail.stop()
  }

  private func configure(_ name: String, _ value: String, type: String = "string") throws {
    let put = try send("PUT", "\(Self.deploy)/admin/config/\(name)", ["value": .string(value)], token: server.token)
    if put.status == 200 { return }
    let made = try send(
      "POST", "\(Self.deploy)/admin/config", ["name": .string(name), "type": .string(type), "value": .string(value)],
      token: server.token)
    guard made.status == 201 else { throw Problem(.failure, code: "config", made.description) }
  }

  /// One call; `tenant` goes into X-Tenant-ID.
  func send(
    _ method: String, _ target: String, _ body: Value? = nil, token: String? = nil, tenant: String? = nil,
    headers: [(String, String)] = []
  ) throws -> CaseResponse {
    var all = headers
    if let token { all.append(("Authorization", "Bearer \(token)")) }
    if let tenant { all.append(("X-Tenant-ID", tenant)) }
    if body != nil { all.append(("Content-Type", "application/json")) }
    return try http.send(CaseRequest(method, target, headers: all, body: body.map { JSON.write($0) } ?? []))
  }

  /// The same, of which the status is known.
  @discardableResult
  func call(
    _ method: String, _ target: String, _ body: Value? = nil, token: String? = nil, tenant: String? = nil, _ status: Int,
    file: StaticString = #filePath, line: UInt = #line
  ) throws -> Value {
    let response = try send(method, target, body, token: token, tenant: tenant)
    XCTAssertEqual(response.status, status, "\(method) \(target): \(response.description)", file: file, line: line)
    return response.json
  }

  /// A word that no other test uses.
  func mark() -> String { String(UInt64.random(in: 0...UInt64.max), radix: 36) }

  func apply(_ text: String, tenant: String? = nil) throws {
    let body: Value = ["set": .string("set-\(mark())"), "files": [["name": "t.yaml", "text": .string(text)]]]
    let answer = try send("POST", "/plumb/v1/apply" + (tenant.map { "?tenant=\($0)" } ?? ""), body, token: server.token)
    guard answer.status == 200 else { throw Problem(.failure, code: "apply", answer.description) }
  }

  func makeTenant() throws -> String {
    let name = "trial-\(mark())"
    try apply("{apiVersion: platform/v1, kind: Tenant, metadata: {name: \(name)}, spec: {title: Trial}}")
    return name
  }

  /// What is found in the last of `count` mails to an address.
  func mailed(_ address: String, count: Int = 1, _ pattern: String = "Code: (\\S+)") throws -> String {
    try Self.waited { () -> String? in
      let mails = mail.mails(to: address)
      return mails.count < count ? nil : Self.first(pattern, in: mails.last?["text"].string ?? "")
    }
  }

  func texted(_ number: String, count: Int = 1) throws -> String {
    try Self.waited { () -> String? in
      let texts = texts.sent(to: number)
      return texts.count < count ? nil : Self.first("([0-9]{6})", in: texts.last ?? "")
    }
  }

  static func waited<T>(_ look: () throws -> T?) throws -> T {
    let until = Date().addingTimeInterval(30)
    while Date() < until {
      if let found = try look() { return found }
      Thread.sleep(forTimeInterval: 0.05)
    }
    throw Problem(.timeout, code: "waited", "It did not come.")
  }

  static func first(_ pattern: String, in text: String) -> String? {
    guard let expression = try? NSRegularExpression(pattern: pattern),
      let match = expression.firstMatch(in: text, range: NSRange(text.startIndex..., in: text)), match.numberOfRanges > 1,
      let range = Range(match.range(at: 1), in: text)
    else { return nil }
    return String(text[range])
  }

  /// Actions in the audit log about a person, newest first.
  func audited(_ text: String) throws -> [String] {
    let query = text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
    let logs = try call("GET", "\(Self.deploy)/admin/logs?perPage=100&search=\(query)", token: server.token, 200)
    return (logs["logs"].list ?? []).compactMap { $0["action"].string }
  }
}
