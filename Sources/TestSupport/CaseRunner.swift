// Runs case files against a real server over HTTP, and remembers what was called.
import Core
import Crypto
import Foundation

public struct CaseFailure: Sendable, CustomStringConvertible {
  public var file: String
  public var line: Int
  public var name: String
  public var message: String
  public var description: String { "\(file):\(line): \(name): \(message)" }
}

/// One call that a case made and whose answer was as expected.
public struct CaseCall: Sendable {
  public var request: CaseRequest
  public var status: Int
  public var file: String
  public var line: Int
}

public final class CaseRunner: @unchecked Sendable {
  public let server: CaseServer
  public let receiver: CaseReceiver
  public let names: CaseNameServer
  public let mail: CaseMailServer
  public let http: CaseHTTP
  public private(set) var calls: [CaseCall] = []
  private var serial = 0

  public init() throws {
    receiver = try CaseReceiver()
    names = try CaseNameServer()
    mail = try CaseMailServer()
    server = try CaseServer(resolver: names.port, mail: mail.port)
    http = CaseHTTP(port: server.port)
  }

  public func stop() {
    server.stop()
    receiver.stop()
    names.stop()
    mail.stop()
  }

  /// Runs a case in tenants of its own. Nil when all its steps went as expected; a case ends with its first failure.
  public func run(_ spec: CaseSpec) -> CaseFailure? {
    do {
      let world = try makeWorld()
      if !spec.users.isEmpty { try addUsers(spec.users, to: world) }
      if let text = spec.manifests { try applied(text, in: world, set: "manifests") }
      for step in spec.steps {
        if let message = try attempt(step, in: world, file: spec.file) {
          return CaseFailure(file: spec.file, line: step.line, name: spec.name, message: message)
        }
      }
      return nil
    } catch {
      return CaseFailure(file: spec.file, line: spec.line, name: spec.name, message: "\(error)")
    }
  }

  /// Two new tenants, and the variables that every case has.
  public func makeWorld() throws -> CaseWorld {
    serial += 1
    let mark = "\(serial)-\(String(UInt32.random(in: 0...UInt32.max), radix: 36))"
    let world = CaseWorld(tenant: "case-\(mark)", other: "other-\(mark)")
    world["tenant"] = .string(world.tenant)
    world["other"] = .string(world.other)
    world["mark"] = .string(mark)
    world["unknown"] = .string(UUID().uuidString.lowercased())
    world["receiver"] = .string("http://127.0.0.1:\(receiver.port)/\(mark)")
    world["failing"] = .string("http://127.0.0.1:\(receiver.port)/status/500/\(mark)")
    world["dead"] = .string("http://127.0.0.1:\(try CaseSocket.freePort())/\(mark)")
    world["port"] = .int(try CaseSocket.freePort())
    try applied(
      [world.tenant, world.other].map {
        "apiVersion: platform/v1\nkind: Tenant\nmetadata: {name: \($0)}\nspec: {title: Case \(mark)}\n"
      }
      .joined(separator: "---\n"),
      tenant: nil, set: "tenants-\(mark)")
    return world
  }

  private static let tokenLetters = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")

  /// A user with a role of its own, and a key that acts for him; saved as `token.NAME`.
  public func addUsers(_ users: ObjectMap, to world: CaseWorld) throws {
    for (name, settings) in users {
      let token = "lsk_" + String((0..<44).map { _ in Self.tokenLetters.randomElement() ?? "a" })
      world["token.\(name)"] = .string(token)
      let permissions = JSON.text(settings["permissions"].isNull ? [] : settings["permissions"])
      let scopes = JSON.text(settings["scopes"].isNull ? ["*"] : settings["scopes"])
      let text = """
        apiVersion: platform/v1
        kind: User
        metadata: {name: \(name)@example.com}
        spec: {role: \(settings["role"].string ?? "user")}
        ---
        apiVersion: platform/v1
        kind: Role
        metadata: {name: role-of-\(name)}
        spec: {permissions: \(permissions)}
        ---
        apiVersion: platform/v1
        kind: RoleBinding
        metadata: {name: \(name)}
        spec: {role: role-of-\(name), user: \(name)@example.com}
        ---
        apiVersion: platform/v1
        kind: ApiKey
        metadata: {name: key-of-\(name)}
        spec: {label: Key of \(name), user: \(name)@example.com, scopes: \(scopes), token: {env: TOKEN}}
        """
      try applied(text, tenant: world.tenant, set: "user-\(name)", environment: ["TOKEN": .string(token)])
    }
  }

  private func applied(_ text: String, in world: CaseWorld, set: String) throws {
    try applied(world.filled(text), tenant: world.tenant, set: set)
  }

  private func applied(_ text: String, tenant: String?, set: String, environment: ObjectMap = [:]) throws {
    let response = try http.send(applyRequest(text, tenant: tenant, set: set, environment: environment, token: server.token))
    guard response.status == 200 else {
      throw Problem(.failure, code: "apply", "The manifests were refused:\n\(text)\n\(response.description)")
    }
  }

  /// `POST /plumb/v1/apply`. Secrets `{env: NAME}` of the manifests are taken from `environment`, as the client does.
  public func applyRequest(_ text: String, tenant: String?, set: String, environment: ObjectMap, token: String?) -> CaseRequest {
    var body: ObjectMap = ["set": .string(set), "files": [["name": "case.yaml", "text": .string(text)]]]
    let secrets = CaseSecrets.read(text, file: "case.yaml", environment: environment)
    if !secrets.isEmpty { body["secrets"] = .object(secrets) }
    var headers = [("Content-Type", "application/json")]
    if let token { headers.append(("Authorization", "Bearer \(token)")) }
    return CaseRequest(
      "POST", "/plumb/v1/apply" + (tenant.map { "?tenant=\($0)" } ?? ""), headers: headers, body: JSON.write(.object(body)))
  }

  // MARK: Steps

  private func attempt(_ step: CaseStep, in world: CaseWorld, file: String) throws -> String? {
    switch step.action {
    case .dns(let name, let records):
      let records = world.filled(records)
      names.set(world.filled(name), txt: records["txt"], address: records["address"])
      return nil
    case .received(let path, let most):
      let expected = world.filled(step.expect["requests"])
      return waiting(most) {
        let all = Value.list(self.receiver.requests(to: world.filled(path)))
        var found = CaseMatch.differences(expected, all, at: "requests")
        if let secret = world.filled(step.expect["signedWith"]).string, let request = all.list?.last {
          let signature = Digest.hmacSHA256(key: Array(secret.utf8), Array((request["text"].string ?? "").utf8))
          found += CaseMatch.differences(
            .string(Hex.encode(signature)), request["headers"]["x-webhook-signature"], at: "signature of the last")
        }
        return found.isEmpty ? nil : "\(found.joined(separator: "\n  "))\ngot \(CaseMatch.short(all))"
      }
    case .mail(let address, let most):
      return try waiting(most) {
        let all = self.mail.mails(to: world.filled(address))
        var found: [String] = []
        if let count = step.expect["mails"].int, count != all.count { found.append("\(all.count) mails came, not \(count)") }
        if let wanted = step.expect.object?["mail"] {
          found += CaseMatch.differences(world.filled(wanted), all.last ?? .null, at: "mail")
        }
        if !found.isEmpty { return "\(found.joined(separator: "\n  "))\ngot \(CaseMatch.short(.list(all)))" }
        return try self.keep(step.save, from: all.last ?? .null, in: world)
      }
    case .call(let method, let target):
      return try judge(request(method, target, step, world), step, world, file: file)
    case .wait(let method, let target, let most):
      return try waiting(most) { try self.judge(self.request(method, target, step, world), step, world, file: file) }
    case .apply(let text, let environment):
      serial += 1
      let caller = try callerHeaders(step, world)
      let tenant = step.caller == "operator" ? nil : step.caller == "other" ? world.other : world.tenant
      var request = applyRequest(
        world.filled(text), tenant: tenant, set: "step-\(serial)",
        environment: world.filled(.object(environment)).object ?? [:], token: nil)
      request.headers += caller.filter { $0.0 == "Authorization" }
      return try judge(request, step, world, file: file, standard: 200)
    }
  }

  /// Nil as soon as `judge` finds nothing to say; else its last words.
  private func waiting(_ seconds: Int, _ judge: () throws -> String?) rethrows -> String? {
    let until = Date().addingTimeInterval(Double(seconds))
    while let message = try judge() {
      if Date() > until { return "not within \(seconds) s: \(message)" }
      Thread.sleep(forTimeInterval: 0.1)
    }
    return nil
  }

  private func request(_ method: String, _ target: String, _ step: CaseStep, _ world: CaseWorld) throws -> CaseRequest {
    var request = CaseRequest(method, world.filled(target))
    request.headers = try callerHeaders(step, world)
    request.until = step.until.map(world.filled)
    if let text = step.text {
      request.body = Array(world.filled(text).utf8)
    } else if let body = step.body {
      request.body = JSON.write(world.filled(body))
    }
    if !request.body.isEmpty { request.headers.append(("Content-Type", "application/json")) }
    for (name, value) in step.headers {
      request.headers.removeAll { $0.0.lowercased() == name.lowercased() }
      if let text = world.filled(value).string { request.headers.append((name, text)) }
    }
    return request
  }

  private func callerHeaders(_ step: CaseStep, _ world: CaseWorld) throws -> [(String, String)] {
    let caller = step.caller ?? "admin"
    func bearer(_ token: String, tenant: String?) -> [(String, String)] {
      [("Authorization", "Bearer \(token)")] + (tenant.map { [("X-Tenant-ID", $0)] } ?? [])
    }
    switch caller {
    case "none": return []
    case "operator": return bearer(server.token, tenant: nil)
    case "admin": return bearer(server.token, tenant: world.tenant)
    case "other": return bearer(server.token, tenant: world.other)
    default:
      let parts = caller.split(separator: ":", maxSplits: 1).map(String.init)
      let variable = parts.first == "user" ? "token.\(parts.last ?? "")" : parts.last ?? ""
      if parts.first == "token", let token = world[parts.last ?? ""]?.string { return bearer(token, tenant: nil) }
      guard parts.count == 2, ["user", "key"].contains(parts[0]), let token = world[variable]?.string else {
        throw Problem(
          .invalid, code: "case",
          "Unknown caller `\(caller)`: admin, operator, other, none, user:NAME, key:VARIABLE or token:VARIABLE (without a tenant)."
        )
      }
      return bearer(token, tenant: world.tenant)
    }
  }

  /// Sends and compares; saves variables when all is well.
  private func judge(_ request: CaseRequest, _ step: CaseStep, _ world: CaseWorld, file: String, standard: Int? = nil) throws
    -> String?
  {
    let response = try http.send(request)
    var found: [String] = []
    let status = step.expect["status"]
    if let wanted = status.int ?? (status.isNull ? standard : nil), wanted != response.status {
      found.append("status: \(response.status), expected \(wanted)")
    }
    for (name, value) in step.expect["headers"].object ?? [:] {
      found += CaseMatch.differences(world.filled(value), response.header(name).map(Value.string), at: "header \(name)")
    }
    if let body = step.expect.object?["body"] { found += CaseMatch.differences(world.filled(body), response.json, at: "body") }
    if let text = step.expect.object?["text"] {
      found += CaseMatch.differences(world.filled(text), .string(response.text), at: "text")
    }
    if !found.isEmpty {
      let said = response.status >= 500 ? "\nThe server said last:\n\(server.log.suffix(2000))" : ""
      return "\(found.joined(separator: "\n  "))\n> \(request.description)\n< \(response.description)\(said)"
    }
    if status.int != nil { calls.append(CaseCall(request: request, status: response.status, file: file, line: step.line)) }
    return try keep(step.save, from: response.json, headers: response.headers, in: world)
  }

  /// Variables from a value: `a.b.0`, `$body`, `$header:Name`; with ` ~ REGEX` the first group of the text there.
  private func keep(_ save: [(String, String)], from value: Value, headers: [(String, String)] = [], in world: CaseWorld) throws
    -> String?
  {
    for (variable, place) in save {
      let parts = place.components(separatedBy: " ~ ")
      let path = parts[0]
      let found: Value?
      if path.hasPrefix("$header:") {
        found = headers.first { $0.0.lowercased() == path.dropFirst(8).lowercased() }.map { .string($0.1) }
      } else {
        found = CaseWorld.value(at: path, in: value)
      }
      guard var kept = found else { return "nothing to save at \(path) in \(JSON.text(value).prefix(500))" }
      if parts.count > 1 {
        let pattern = try NSRegularExpression(pattern: world.filled(parts[1]))
        let text = kept.string ?? JSON.text(kept)
        guard let match = pattern.firstMatch(in: text, range: NSRange(text.startIndex..., in: text)), match.numberOfRanges > 1,
          let range = Range(match.range(at: 1), in: text)
        else { return "\(parts[1]) does not match \(text.prefix(500))" }
        kept = .string(String(text[range]))
      }
      world[variable] = kept
    }
    return nil
  }
}
