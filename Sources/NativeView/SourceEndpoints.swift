// POST objects/{kind}/{name}/sync, …/suspend, …/resume: what people ask of a git source by hand.
import Core
import HTTPServer
import Kinds
import Planning
import Ports
import Reconciling

extension NativeHandler {
  private static let reasonLimit = 500

  /// Body: `{confirm?: commit}`. Answer: `{request}`, which `status.handled.request` shows once it was answered.
  func sync(_ request: NativeRequest) async throws -> HTTPResponse {
    let (object, kind) = try await object(request, verb: "update")
    guard kind.field("syncRequest") != nil else {
      throw Problem(.invalid, code: "no_sync", "A \(kind.name) is not synced.", fix: "Name a GitSource.")
    }
    let body = request.body.isEmpty ? Value.emptyObject : try request.json()
    let id = "manual/\(clock.now())"
    var fields: ObjectMap = ["syncRequest": .string(id)]
    if let commit = body["confirm"].string {
      guard (7...64).contains(commit.utf8.count), commit.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) })
      else {
        throw Problem(
          .invalid, code: "commit", "\"\(commit.prefix(64))\" is no commit.", pointer: "/confirm",
          fix: "See status.observedCommit.")
      }
      let observed = object.status["observedCommit"].string ?? ""
      // The commit that was seen is confirmed, and none that came after.
      guard observed.hasPrefix(commit) else {
        throw Problem(
          .conflict, code: "other_commit",
          "The source has not seen commit \(commit): it saw \(observed.isEmpty ? "none" : observed).",
          object: object.label, fix: "Look at that one, and confirm it.")
      }
      fields["confirmedCommit"] = .string(observed)
    }
    _ = try await patch(object, fields, request, "sync")
    return NativeAnswer.json(["request": .string(id), "uid": .string(object.uid.description)], status: 202)
  }

  /// Body: `{reason?}`.
  func suspend(_ request: NativeRequest) async throws -> HTTPResponse {
    let (object, kind) = try await pausable(request)
    let body = request.body.isEmpty ? Value.emptyObject : try request.json()
    var fields: ObjectMap = ["paused": true]
    if kind.field("pausedReason") != nil {
      fields["pausedReason"] = .string(String((body["reason"].string ?? "by \(request.caller.actor)").prefix(Self.reasonLimit)))
    }
    return try await patch(object, fields, request, "suspend")
  }

  func resume(_ request: NativeRequest) async throws -> HTTPResponse {
    let (object, kind) = try await pausable(request)
    if kind.name == "GitSource" {
      // A rollback of its set pauses it too.
      let key = "set/\(SourceSet.setName(object.name))/pause"
      if try await store.value(tenant: object.tenant, key: key) != nil {
        _ = try await store.putValue(tenant: object.tenant, key: key, nil, expecting: nil, expires: nil)
        try await store.wake([WorkRequest(tenant: object.tenant, uid: object.uid, kind: object.kind)])
      }
    }
    var fields: ObjectMap = ["paused": false]
    if kind.field("pausedReason") != nil { fields["pausedReason"] = .null }
    return try await patch(object, fields, request, "resume")
  }

  private func pausable(_ request: NativeRequest) async throws -> (StoredObject, KindSpec) {
    let (object, kind) = try await object(request, verb: "update")
    guard kind.field("paused")?.writer == .api else {
      throw Problem(
        .invalid, code: "no_pause", "A \(kind.name) cannot be paused.", fix: "Name an object of a kind with a field paused.")
    }
    return (object, kind)
  }

  private func patch(_ object: StoredObject, _ fields: ObjectMap, _ request: NativeRequest, _ action: String) async throws
    -> HTTPResponse
  {
    let intent = Intent(.patch, .uid(tenant: object.tenant, kind: object.kind, object.uid), fields: fields)
    let outcome = try await writer.write(
      [intent], origin: Origin(manager: .api, actor: request.caller.actor, action: action), options: WriteOptions(), guards: nil)
    let values = try await shape([outcome.object(0) ?? object], request)
    return NativeAnswer.json(values.first ?? .null, position: outcome.positions[object.tenant])
  }
}
