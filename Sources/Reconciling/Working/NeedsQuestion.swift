// The needs of many controllers as few questions to the store: equal ones are asked once, and those that differ in one value together.
import Core
import Kinds
import Ports

/// One question to the store that stands for the needs of several objects.
struct NeedsQuestion {
  /// What needs must have in common to be asked together: everything but the values of their first match.
  private struct Shape: Hashable {
    var tenant: UID
    var kind: String
    var first: Need.Match?
    var rest: [Need.Match]

    init(_ need: Need, _ tenant: UID) {
      self.tenant = tenant
      kind = need.kind
      first = need.matches.first.map { Need.Match($0.side, $0.field, among: []) }
      rest = Array(need.matches.dropFirst())
    }
  }

  /// The objects that answer each need, in the order of the needs.
  static func answers(_ asked: [(need: Need, tenant: UID)], _ store: any StorePort) async throws -> [[StoredObject]] {
    var shapes: [Shape] = []
    var members: [Shape: [Int]] = [:]
    for (at, ask) in asked.enumerated() {
      let shape = Shape(ask.need, ask.tenant)
      if members[shape] == nil { shapes.append(shape) }
      members[shape, default: []].append(at)
    }
    let together = shapes.map { shape -> ObjectQuery in
      var among: [Value] = []
      for at in members[shape] ?? [] {
        for value in asked[at].need.matches.first?.among ?? [] where !among.contains(value) { among.append(value) }
      }
      let first = shape.first.map { Need.Match($0.side, $0.field, among: among) }
      return query(shape, first)
    }
    let pages = try await store.lists(together)
    var answers: [[StoredObject]] = Array(repeating: [], count: asked.count)
    for (shape, page) in zip(shapes, pages) {
      let own = members[shape] ?? []
      let distinct = Set(own.map { asked[$0].need.matches.first?.among ?? [] })
      // A full page of one question is all that it may have; of several it may lack what belongs to one of them.
      if page.objects.count >= Need.limit, distinct.count > 1 {
        let single = try await store.lists(own.map { query(shape, asked[$0].need.matches.first) })
        for (at, page) in zip(own, single) { answers[at] = page.objects }
        continue
      }
      for at in own {
        answers[at] = distinct.count == 1 ? page.objects : page.objects.filter { matches($0, asked[at].need.matches[0]) }
      }
    }
    return answers
  }

  private static func query(_ shape: Shape, _ first: Need.Match?) -> ObjectQuery {
    let parts = ((first.map { [$0] } ?? []) + shape.rest).map { match -> Predicate in
      let values = match.among.filter { !$0.isNull }
      let among = Predicate.among(path(match), values)
      return values.count == match.among.count ? among : .any([.isNull(path(match)), among])
    }
    return ObjectQuery(tenant: shape.tenant, kind: shape.kind, predicate: .all(parts), limit: Need.limit)
  }

  private static func path(_ match: Need.Match) -> FieldPath {
    switch match.side {
    case .uid: .uid
    case .spec: match.field == "name" ? .name : .spec([match.field])
    case .status: .status([match.field])
    }
  }

  private static func matches(_ object: StoredObject, _ match: Need.Match) -> Bool {
    let value: Value =
      switch match.side {
      case .uid: .string(object.uid.description)
      case .spec: match.field == "name" ? .string(object.name) : object.spec[match.field] ?? .null
      case .status: object.status[match.field]
      }
    return match.among.contains(value)
  }
}
