// GET sets; POST sets/{name}/rollback, …/pause, …/resume, …/options: the sets of manifests that were applied, and their sources.
import Core
import HTTPServer
import Kinds
import Ports
import Reconciling

extension NativeHandler {
  func sets(_ request: NativeRequest) async throws -> HTTPResponse {
    let owner = request.caller.tenant
    let sets = try await store.sets(owner: owner)
    let pauses = try await changes.pauses.all(owner: owner)
    let items = sets.map { set -> Value in
      var map: ObjectMap = [
        "name": .string(set.name), "count": .int(set.count), "updatedAt": .string(set.updated.description),
      ]
      if let pause = pauses[set.name] { map["paused"] = pause.value }
      return .object(map)
    }
    return NativeAnswer.json(["items": .list(items)])
  }

  func changeSet(_ request: NativeRequest) async throws -> HTTPResponse {
    let (name, owner) = (request.path[1], request.caller.tenant)
    let rows = try await store.inventory(owner: owner, set: name)
    guard rows.catalogDigest != nil else {
      let near = nearestName(to: name, among: try await store.sets(owner: owner).map(\.name))
      throw Problem(
        .missing, code: "not_found", "There is no set \"\(name)\".", fix: near.map { "Did you mean \($0)?" } ?? "See plumb sets.")
    }
    for kind in Set(rows.rows.map(\.kind)).sorted() {
      if let spec = catalog.kind(kind) { try request.mayUse("write", spec) }
    }
    switch request.path[2] {
    case "rollback": return try await rollBack(set: name, owner: owner, request)
    case "pause":
      let body = try request.json(members: ["reason"])
      let reason = body["reason"].string.map { String($0.prefix(500)) } ?? "suspended"
      _ = try await changes.pause(set: name, owner: owner, reason: reason, try order(request, .emptyObject))
      return NativeAnswer.json([
        "name": .string(name), "paused": ["reason": .string(reason), "by": .string(request.caller.actor)],
      ])
    case "resume":
      let was = try await changes.pause(set: name, owner: owner, reason: nil, try order(request, .emptyObject))
      return NativeAnswer.json(["name": .string(name), "wasPaused": .bool(was)])
    case "options":
      let body = try request.json(members: ["onDrift"])
      guard body["onDrift"].isNull || ["correct", "report"].contains(body["onDrift"].string ?? "") else {
        throw Problem(.invalid, code: "body", "onDrift is correct, report or null.", pointer: "/onDrift")
      }
      try await changes.setOnDrift(body["onDrift"].string, of: name, owner: owner)
      return NativeAnswer.json(["name": .string(name), "onDrift": body["onDrift"]])
    case let word:
      throw Problem(
        .missing, code: "no_route", "Sets have no \(word).",
        fix: nearestName(to: word, among: ["rollback", "pause", "resume", "options"]).map { "Did you mean \($0)?" })
    }
  }

  /// Body: `{to: moment, confirm?, dryRun?}`.
  private func rollBack(set: String, owner: UID, _ request: NativeRequest) async throws -> HTTPResponse {
    let body = try request.json(members: ["to", "confirm", "dryRun"])
    guard case .time(let at) = try Self.moment(body["to"]) else {
      throw Problem(
        .invalid, code: "body", "A set goes back to a moment.", pointer: "/to", fix: "Write such as 2026-01-31T12:00:00Z.")
    }
    guard at <= clock.now() else {
      throw Problem(.invalid, code: "body", "\(at) is yet to come.", pointer: "/to")
    }
    let result = try await changes.rollBack(set: set, owner: owner, to: at, try order(request, body))
    var value = try await shown(result.outcome, request, dryRun: body["dryRun"].bool ?? false)
    value["paused"] = .list(result.paused.map(Value.string))
    return NativeAnswer.json(value)
  }
}
