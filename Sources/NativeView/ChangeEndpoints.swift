// POST objects/{kind}/{name}/rename, …/handover, …/rollback: changes of one object that people ask for by name.
import Core
import HTTPServer
import Kinds
import Ports
import Reconciling

extension NativeHandler {
  /// Body: `{name, dryRun?}`.
  func rename(_ request: NativeRequest) async throws -> HTTPResponse {
    let (object, kind) = try await object(request, verb: "write")
    let body = try request.json(members: ["name", "dryRun"])
    guard let name = body["name"].string, !name.isEmpty else {
      throw Problem(.invalid, code: "body", "name is the new name.", pointer: "/name")
    }
    guard !name.contains(where: { "/#".contains($0) || $0.isWhitespace }) else {
      throw Problem(.invalid, code: "name", "\"\(name)\" holds a character that no name may hold.", pointer: "/name")
    }
    if let field = kind.identityField.flatMap(kind.field) {
      let faults = FieldCheck.check(.string(name), field: field, mode: .manifest, pointer: "/name")
      if !faults.isEmpty { throw Problems(faults) }
    }
    let outcome = try await changes.rename(object, to: name, try order(request, body))
    var value = try await shown(outcome, request, dryRun: body["dryRun"].bool ?? false)
    if let place = WhyWalk.place(object), object.name != name {
      value["notes"] = [.string("\(place.file):\(place.line) still says \(object.name): write \(name) there, too")]
    }
    return NativeAnswer.json(value, position: outcome.positions[object.tenant])
  }

  /// Body: `{to: "set:NAME" | "api" | "none", fields?: [path], dryRun?}`.
  func handOver(_ request: NativeRequest) async throws -> HTTPResponse {
    let (object, _) = try await object(request, verb: "write")
    let body = try request.json(members: ["to", "fields", "dryRun"])
    let to: Manager?
    switch body["to"].string {
    case "api": to = .api
    case "none": to = nil
    case let text? where text.hasPrefix("set:") && text.utf8.count > 4: to = Manager(text)
    default:
      throw Problem(.invalid, code: "body", "to is set:NAME, api or none.", pointer: "/to")
    }
    let fields = (body["fields"].list ?? []).compactMap(\.string).map { $0.hasPrefix("spec.") ? String($0.dropFirst(5)) : $0 }
    guard to != nil || !fields.isEmpty else {
      throw Problem(
        .invalid, code: "body", "Only named fields can be left to nobody.", pointer: "/fields", fix: "Name the fields.")
    }
    let outcome = try await changes.handOver(object, to: to, fields: fields, try order(request, body))
    return NativeAnswer.json(
      try await shown(outcome, request, dryRun: body["dryRun"].bool ?? false), position: outcome.positions[object.tenant])
  }

  /// Body: `{to?: version | moment, dryRun?}`; without `to` the version before the present one.
  func rollBack(_ request: NativeRequest) async throws -> HTTPResponse {
    let (object, _) = try await objectOrPast(request, verb: "write")
    let body = try request.json(members: ["to", "dryRun"])
    let result = try await changes.rollBack(object, to: try Self.moment(body["to"]), try order(request, body))
    var value = try await shown(result.outcome, request, dryRun: body["dryRun"].bool ?? false)
    value["paused"] = .list(result.paused.map(Value.string))
    return NativeAnswer.json(value, position: result.outcome.positions[object.tenant])
  }

  // MARK: Parts

  func order(_ request: NativeRequest, _ body: Value) throws -> ChangeService.Request {
    for member in ["dryRun"] where !body[member].isNull && body[member].bool == nil {
      throw Problem(.invalid, code: "body", "\(member) is no boolean.", pointer: "/\(member)")
    }
    return ChangeService.Request(
      actor: request.caller.actor, user: request.caller.user, dryRun: body["dryRun"].bool ?? false,
      confirm: body["confirm"].string)
  }

  func shown(_ outcome: WriteOutcome, _ request: NativeRequest, dryRun: Bool) async throws -> Value {
    try await PlanShape(handler: self, request: request, withOwners: dryRun).value(
      outcome.plan, unchanged: 0, positions: outcome.positions)
  }

  /// A number is a version; a text is one, or a moment.
  static func moment(_ value: Value) throws -> ChangeService.Moment {
    switch value {
    case .null: return .before
    case .int(let version) where version > 0: return .version(version)
    case .string(let text):
      if let version = Int(text), version > 0 { return .version(version) }
      if let at = Timestamp(text) { return .time(at) }
    default: break
    }
    throw Problem(
      .invalid, code: "body", "to is a version or a moment.", pointer: "/to", fix: "Write such as 3, or 2026-01-31T12:00:00Z.")
  }
}

extension NativeRequest {
  /// The body, which has no other members than these.
  func json(members: [String]) throws -> Value {
    let body = body.isEmpty ? .emptyObject : try json()
    for key in body.object?.keys ?? [] where !members.contains(key) {
      throw Problem(
        .invalid, code: "unknown_field", "There is no member \"\(key)\".", pointer: "/\(key)",
        fix: nearestName(to: key, among: members).map { "Did you mean \($0)?" })
    }
    return body
  }
}
