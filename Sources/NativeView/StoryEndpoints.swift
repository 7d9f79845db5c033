// GET events, GET objects/{kind}/{name}/events and …/history: what happened, and what was changed by whom.
import Core
import HTTPServer
import Kinds
import Ports

extension NativeHandler {
  func events(_ request: NativeRequest) async throws -> HTTPResponse {
    let limit = try request.integer("limit", in: 1...Self.largestPage, standard: 50)
    let one = request.path.count > 1 ? try await objectOrPast(request).0 : nil
    let story = try await store.story(tenant: one?.tenant ?? request.caller.tenant, uid: one?.uid, limit: limit)
    let items = story.filter { event in catalog.kind(event.kind).map(request.mayRead) ?? false }.map { event -> Value in
      [
        "kind": .string(event.kind), "name": .string(event.name), "uid": .string(event.uid.description),
        "at": .string(event.at.description),
        "reason": .string(event.reason), "message": .string(event.message), "warning": .bool(event.warning),
      ]
    }
    return NativeAnswer.json(["items": .list(items)])
  }

  func history(_ request: NativeRequest) async throws -> HTTPResponse {
    let (object, kind) = try await objectOrPast(request)
    let limit = try request.integer("limit", in: 1...500, standard: 20)
    let before = request.query("before").flatMap { Int($0) }
    // One more, so that the oldest shown has something to be compared with.
    let entries = try await store.history(tenant: object.tenant, uid: object.uid, before: before, limit: limit + 1).sorted {
      $0.version > $1.version
    }
    var wanted: Set<UID> = []
    for entry in entries {
      for (_, _, value) in kind.references(in: entry.spec) {
        if let uid = value.string.flatMap({ UID($0) }) { wanted.insert(uid) }
      }
    }
    let names = try await ReferenceNames.read(wanted, crosses: false, store: store, caller: request.caller)
    let shape = ObjectShape(catalog: catalog, names: names, caller: request.caller)
    var items: [Value] = []
    for (n, entry) in entries.prefix(limit).enumerated() {
      let earlier = n + 1 < entries.count ? entries[n + 1] : nil
      items.append(version(entry, after: earlier, kind, shape))
    }
    return NativeAnswer.json(["items": .list(items)])
  }

  private func version(_ entry: HistoryEntry, after earlier: HistoryEntry?, _ kind: KindSpec, _ shape: ObjectShape) -> Value {
    var map: ObjectMap = [
      "version": .int(entry.version), "generation": .int(entry.generation),
      "operation": .string(ChangeWords.operation(entry.operation)),
      "at": .string(entry.at.description), "actor": .string(entry.origin.actor),
      "manager": .string(entry.origin.manager.description),
      "action": .string(entry.origin.action),
    ]
    if let commit = entry.origin.commit { map["commit"] = .string(commit) }
    var changes: [Value] = []
    let all = Set(entry.spec.keys + (earlier?.spec.keys ?? []))
    let known = kind.fields.map(\.name).filter(all.contains)
    for key in known + all.subtracting(known).sorted() where earlier?.spec[key] != entry.spec[key] {
      let field = kind.field(key)
      let secret = field?.secret != nil
      changes.append([
        "path": .string("spec.\(key)"), "before": secret ? .null : shape.value(earlier?.spec[key] ?? .null, field),
        "after": secret ? .null : shape.value(entry.spec[key] ?? .null, field), "secret": .bool(secret),
      ])
    }
    if let earlier, earlier.name != entry.name {
      changes.append([
        "path": "metadata.name", "before": .string(earlier.name), "after": .string(entry.name), "secret": false,
      ])
    }
    if let earlier, earlier.labels != entry.labels {
      changes.append([
        "path": "metadata.labels", "before": ObjectShape.labels(earlier.labels), "after": ObjectShape.labels(entry.labels),
        "secret": false,
      ])
    }
    map["changes"] = .list(changes)
    return .object(map)
  }
}

/// The store's letters as words.
enum ChangeWords {
  static func operation(_ letter: String) -> String {
    switch letter {
    case "c": "create"
    case "u": "update"
    case "x": "deleting"
    case "s", "d": "delete"
    case "r": "restore"
    case "o": "observed"
    default: letter
    }
  }
}
