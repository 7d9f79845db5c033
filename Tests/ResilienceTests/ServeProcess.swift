// A real `plumb serve` that tests start, kill, stop and start again on the same data.
import Core
import Foundation
import TestSupport

final class ServeProcess: @unchecked Sendable {
  /// Longest wait for a start. A busy machine is slow; what a start may take on an idle one is another test's matter.
  static let startSeconds = 120.0
  static let stopSeconds = 90.0

  let folder: URL
  let data: URL
  let port: Int
  private let options: [String]
  private let environment: [String: String]
  private(set) var pid: pid_t = 0

  /// `folder`: made, readable by all, removed by `removeAll`. Nothing runs yet.
  init(_ options: [String] = [], environment: [String: String] = [:], port: Int? = nil, folder: URL? = nil, data: String = "data")
    throws
  {
    self.folder = try folder ?? Self.newFolder()
    self.data = self.folder.appendingPathComponent(data)
    self.port = try port ?? CaseSocket.freePorts()
    self.options = options
    self.environment = environment
  }

  /// The private PostgreSQL of a server that root started runs as another user, who must be able to go through.
  static func newFolder() throws -> URL {
    let folder = URL(fileURLWithPath: "/tmp/plumb-resil-\(getpid())-\(UInt32.random(in: 0...UInt32.max))")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
    return folder
  }

  var output: URL { folder.appendingPathComponent(data.lastPathComponent + ".log") }
  var log: String { (try? String(contentsOf: output, encoding: .utf8)) ?? "" }
  var http: CaseHTTP { CaseHTTP(port: port) }
  var token: String {
    ((try? String(contentsOf: data.appendingPathComponent("admin-token"), encoding: .utf8)) ?? "").trimmingCharacters(
      in: .whitespacesAndNewlines)
  }
  var client: Client { Client(http: http, token: token) }

  /// Starts without waiting.
  func spawn() throws {
    let arguments =
      [CaseServer.binary.path, "serve", "--data", data.path, "--listen", "127.0.0.1:\(port)", "--allow-private-targets"] + options
    pid = try Child.spawn(arguments, environment: environment, output: output.path)
  }

  /// Starts and waits until it answers. Throws Problem with what it said when it does not. Returns the seconds it took.
  @discardableResult
  func start() throws -> Double {
    let began = Date()
    try spawn()
    try waitReady()
    return Date().timeIntervalSince(began)
  }

  func waitReady() throws {
    let until = Date(timeIntervalSinceNow: Self.startSeconds)
    while Date() < until {
      if let answer = try? http.send(CaseRequest("GET", "/readyz")), answer.status == 200, !token.isEmpty { return }
      if let status = Child.ended(pid) {
        pid = 0
        throw Problem(.unavailable, code: "server", "plumb serve ended with \(status). It said:\n\(log.suffix(3000))")
      }
      usleep(10_000)
    }
    throw Problem(.timeout, code: "server", "plumb serve was not ready in \(Self.startSeconds) s. It said:\n\(log.suffix(3000))")
  }

  /// SIGKILL, and gone when this returns.
  func kill9() {
    guard pid > 0 else { return }
    Foundation.kill(pid, SIGKILL)
    _ = Child.wait(pid, seconds: Self.stopSeconds)
    pid = 0
  }

  /// The exit code of a server that ends by itself; nil when it does not.
  func ended(within seconds: Double = ServeProcess.stopSeconds) -> Int32? {
    let status = Child.wait(pid, seconds: seconds)
    if status != nil { pid = 0 }
    return status
  }

  /// SIGTERM; its exit code, or nil when it does not end.
  func stop() -> Int32? {
    guard pid > 0 else { return nil }
    Foundation.kill(pid, SIGTERM)
    let status = Child.wait(pid, seconds: Self.stopSeconds)
    if status == nil { kill9() }
    pid = 0
    return status
  }

  /// Ends whatever is left, children and database included, and removes the folder.
  func removeAll() {
    kill9()
    for found in ProcessScan.all(naming: folder.path) { Foundation.kill(found.pid, SIGKILL) }
    for found in ProcessScan.replicas(of: data.path) { Foundation.kill(found.pid, SIGKILL) }
    try? FileManager.default.removeItem(at: folder)
  }
}

/// Calls of an operator.
struct Client: Sendable {
  var http: CaseHTTP
  var token: String

  func call(_ method: String, _ target: String, _ body: Value? = nil) throws -> CaseResponse {
    var headers = [("Authorization", "Bearer \(token)")]
    if body != nil { headers.append(("Content-Type", "application/json")) }
    return try http.send(CaseRequest(method, target, headers: headers, body: body.map { JSON.write($0) } ?? []))
  }

  /// A set of one file.
  func apply(_ set: String, _ text: String) throws -> CaseResponse {
    try call("POST", "/plumb/v1/apply", ["set": .string(set), "files": [["name": "set.yaml", "text": .string(text)]]])
  }

  /// Throws Problem unless the answer is 2xx.
  @discardableResult
  func must(_ method: String, _ target: String, _ body: Value? = nil) throws -> Value {
    let answer = try call(method, target, body)
    guard (200..<300).contains(answer.status) else {
      throw Problem(.failure, code: "answer", "\(method) \(target): \(answer.description)")
    }
    return answer.json
  }

  func objects(_ kind: String) throws -> [Value] { try must("GET", "/plumb/v1/objects/\(kind)?limit=500")["items"].list ?? [] }

  /// What of a set is not ready after at most `seconds`, in words; nil when all is.
  func unready(_ set: String, within seconds: Double) throws -> String? {
    let until = Date(timeIntervalSinceNow: seconds)
    var last = Value.null
    repeat {
      let wait = max(0, min(5, until.timeIntervalSinceNow))
      last = try must("POST", "/plumb/v1/readiness", ["set": .string(set), "wait": .double(wait)])
      if last["done"] == true { return nil }
    } while Date() < until
    return JSON.text(last["pending"])
  }
}
