// Tests of git sources against a real `plumb serve`, shared by a class.
import Core
import Foundation
import TestSupport
import XCTest

class GitTestCase: XCTestCase {
  nonisolated(unsafe) private static var shared: CaseServer?
  /// Longest wait for a state; the machine may be busy.
  static let patience = 60.0

  override class func tearDown() {
    shared?.stop()
    shared = nil
  }

  func server() throws -> CaseServer {
    if let shared = Self.shared { return shared }
    let server = try CaseServer(resolver: 9)
    Self.shared = server
    return server
  }

  func call(_ method: String, _ target: String, _ body: Value? = nil, headers: [(String, String)] = []) throws -> CaseResponse {
    let server = try server()
    var all = [("Authorization", "Bearer \(server.token)")] + headers
    if body != nil { all.append(("Content-Type", "application/json")) }
    return try CaseHTTP(port: server.port).send(
      CaseRequest(method, target, headers: all, body: body.map { JSON.write($0) } ?? []))
  }

  func apply(_ text: String, set: String) throws {
    let answer = try call(
      "POST", "/plumb/v1/apply", ["set": .string(set), "files": [["name": "t.yaml", "text": .string(text)]]])
    guard answer.status == 200 else { throw Problem(.failure, code: "apply", answer.description) }
  }

  /// States a source and waits until it has looked once.
  func source(_ name: String, _ repository: GitRepository, _ more: String = "") throws {
    try apply(
      "apiVersion: platform/v1\nkind: GitSource\nmetadata: {name: \(name)}\nspec:\n  url: \(repository.url)\n  branch: main\n  interval: 1h\n"
        + more,
      set: "source-\(name)")
  }

  func get(_ kind: String, _ name: String) throws -> Value {
    try call("GET", "/plumb/v1/objects/\(kind)/\(name)?owners=true").json
  }

  /// Asks for a sync, and waits for its answer; the source afterwards.
  @discardableResult
  func sync(_ name: String, confirm: String? = nil) throws -> Value {
    let answer = try call("POST", "/plumb/v1/objects/GitSource/\(name)/sync", confirm.map { ["confirm": .string($0)] } ?? [:])
    guard answer.status == 202 else { throw Problem(.failure, code: "sync", answer.description) }
    return try until("GitSource", name) { $0["status"]["handled"]["request"] == answer.json["request"] }
  }

  /// The object once `holds`; fails the test when that takes too long.
  @discardableResult
  func until(_ kind: String, _ name: String, file: StaticString = #filePath, line: UInt = #line, _ holds: (Value) -> Bool) throws
    -> Value
  {
    let end = Date(timeIntervalSinceNow: Self.patience)
    var last = Value.null
    while Date() < end {
      last = try get(kind, name)
      if holds(last) { return last }
      Thread.sleep(forTimeInterval: 0.05)
    }
    XCTFail("\(kind)/\(name) is not as expected: \(JSON.text(last))", file: file, line: line)
    return last
  }

  static func condition(_ object: Value, _ type: String) -> Value {
    (object["status"]["conditions"].list ?? []).first { $0["type"].string == type } ?? .null
  }

  /// Fails unless the source says `reason`, and the state of `commit` is in force.
  func expect(_ source: Value, _ reason: String, in force: String?, file: StaticString = #filePath, line: UInt = #line) {
    XCTAssertEqual(Self.condition(source, "Ready")["reason"].string, reason, JSON.text(source["status"]), file: file, line: line)
    XCTAssertEqual(source["status"]["appliedCommit"].string, force, file: file, line: line)
  }
}
