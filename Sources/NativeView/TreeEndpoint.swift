// GET objects/{kind}/{name}/tree, GET tree?set=: the graph of references around an object, or among the objects of a set.
import Core
import HTTPServer
import Kinds
import Ports

extension NativeHandler {
  static let deepestTree = 10
  static let treeObjects = 1000

  /// `{root, nodes: [{uid, kind, name, ready, reason, message}], edges: [{from, to, field}], truncated}`: `from` refers to `to`. Two
  /// statements a level.
  func tree(_ request: NativeRequest) async throws -> HTTPResponse {
    let depth = try request.integer("depth", in: 0...Self.deepestTree, standard: 3)
    var graph = ReferenceGraph(handler: self, request: request)
    var root: UID?
    if request.path.count > 1 {
      let (object, _) = try await object(request)
      root = object.uid
      graph.add([object])
      try await graph.walk(from: [object], depth: depth, upwards: true)
      try await graph.walk(from: [object], depth: depth, upwards: false)
    } else {
      guard let set = request.query("set") else {
        throw Problem(.invalid, code: "parameter", "A tree has a root: an object, or a set.", fix: "Write set=NAME.")
      }
      let rows = try await store.inventory(owner: request.caller.tenant, set: set).rows
      let objects = try await store.objects(tenant: nil, uids: rows.map(\.uid).sorted().prefix(Self.treeObjects).map { $0 })
      graph.add(objects.filter { !$0.deleted })
      graph.truncated = rows.count > Self.treeObjects
      graph.connect()
    }
    return NativeAnswer.json(graph.value(root: root))
  }
}

private struct ReferenceGraph {
  let handler: NativeHandler
  let request: NativeRequest
  var nodes: [UID: StoredObject] = [:]
  var edges: Set<Edge> = []
  var truncated = false

  struct Edge: Hashable {
    var from: UID
    var to: UID
    var field: String
  }

  init(handler: NativeHandler, request: NativeRequest) {
    self.handler = handler
    self.request = request
  }

  /// Adds those that the caller may see.
  mutating func add(_ objects: [StoredObject]) {
    for object in objects {
      guard nodes.count < NativeHandler.treeObjects else {
        truncated = true
        return
      }
      guard let kind = handler.catalog.kind(object.kind), request.mayRead(kind), request.maySee(object, kind) else { continue }
      nodes[object.uid] = object
    }
  }

  private func targets(_ object: StoredObject) -> [(field: String, uid: UID)] {
    (handler.catalog.kind(object.kind)?.references(in: object.spec) ?? []).compactMap { path, _, value in
      value.string.flatMap { UID($0) }.map { (path.filter { Int($0) == nil }.joined(separator: "."), $0) }
    }
  }

  mutating func walk(from start: [StoredObject], depth: Int, upwards: Bool) async throws {
    var front = start
    for _ in 0..<depth where !front.isEmpty && !truncated {
      let known = Set(nodes.keys)
      if upwards {
        let wanted = Set(front.flatMap(targets).map(\.uid)).subtracting(known).sorted()
        add(try await handler.store.objects(tenant: nil, uids: wanted).filter { !$0.deleted })
      } else {
        add(
          try await handler.store.referrers(
            tenant: request.caller.tenant, of: front.map(\.uid).sorted(), limit: NativeHandler.treeObjects
          ).map(\.object))
      }
      front = nodes.filter { !known.contains($0.key) }.map(\.value)
    }
    connect()
  }

  /// Every reference between two nodes that are there.
  mutating func connect() {
    for object in nodes.values {
      for (field, target) in targets(object) where nodes[target] != nil {
        edges.insert(Edge(from: object.uid, to: target, field: field))
      }
    }
  }

  func value(root: UID?) -> Value {
    let sorted = nodes.values.sorted { ($0.kind, $0.name, $0.uid) < ($1.kind, $1.name, $1.uid) }
    return [
      "root": Value(root?.description), "truncated": .bool(truncated),
      "nodes": .list(
        sorted.map { object in
          let isReady = Readiness.isReady(object, handler.catalog.kind(object.kind))
          let reason = Readiness.reason(object)
          return [
            "uid": .string(object.uid.description), "kind": .string(object.kind), "name": .string(object.name),
            "ready": .bool(isReady), "reason": isReady ? .null : .string(reason.reason),
            "message": isReady ? .null : .string(reason.message),
          ]
        }),
      "edges": .list(
        edges.sorted { ($0.from, $0.field, $0.to) < ($1.from, $1.field, $1.to) }.map {
          ["from": .string($0.from.description), "to": .string($0.to.description), "field": .string($0.field)]
        }),
    ]
  }
}
