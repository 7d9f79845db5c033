// GET diff: what changed between two moments, in the shape of a plan.
import Core
import HTTPServer
import Kinds
import Planning
import Ports

extension NativeHandler {
  /// Objects that are compared in one answer.
  static let mostCompared = 20_000

  /// `?from=&to=&kind=&name=&set=`; `to` is now when it is left out.
  func diff(_ request: NativeRequest) async throws -> HTTPResponse {
    guard let from = try request.moment("from") else {
      throw Problem(.invalid, code: "parameter", "from is missing.", fix: "Write a moment such as 2026-01-31T12:00:00Z.")
    }
    let to = try request.moment("to") ?? clock.now()
    guard from <= to else {
      throw Problem(.invalid, code: "parameter", "from (\(from)) is later than to (\(to)).", fix: "Change them over.")
    }
    let kind = try request.query("kind").map { try self.kind($0, for: request) }
    var asked = PastQuery(
      tenant: kind.map(request.home) ?? request.caller.tenant, kind: kind?.name, at: to, changedAfter: from)
    if let name = request.query("name") {
      guard let kind else { throw Problem(.invalid, code: "parameter", "A name goes with a kind.", fix: "Write kind too.") }
      asked.uids = try await store.past(PastQuery(tenant: asked.tenant, kind: kind.name, name: name)).map(\.object.uid)
      if let live = try await store.objects(named: [ObjectKey(tenant: asked.tenant, kind: kind.name, name: name)]).first {
        asked.uids?.append(live.uid)
      }
    }
    var items: [PlanItem] = []
    var results: [UID: StoredObject] = [:]
    repeat {
      let after = try await store.past(asked)
      let before = try await store.past(PastQuery(tenant: asked.tenant, uids: after.map(\.object.uid), at: from))
      let old = Dictionary(before.map { ($0.object.uid, $0) }, uniquingKeysWith: { first, _ in first })
      for now in after {
        results[now.object.uid] = now.object
        guard let spec = catalog.kind(now.object.kind), request.mayRead(spec), request.maySee(now.object, spec) else { continue }
        let then = old[now.object.uid].flatMap { $0.isGone ? nil : $0 }
        if let set = request.query("set"), !now.object.isStated(by: .set(set)), !(then?.object.isStated(by: .set(set)) ?? false) {
          continue
        }
        if let item = Self.item(then, now, spec) { items.append(item) }
      }
      asked.after = after.count == PastQuery.page ? after.last?.object.uid : nil
    } while asked.after != nil && items.count < Self.mostCompared
    items.sort { ($0.kind, $0.name) < ($1.kind, $1.name) }
    let plan = Plan(
      items: items, commit: Commit(origin: Origin(manager: .api, actor: request.caller.actor, action: "diff")), results: results,
      minted: [:], problems: [], targets: [:])
    var value = try await PlanShape(handler: self, request: request).value(plan, unchanged: 0, positions: [:])
    value["from"] = .string(from.description)
    value["to"] = .string(to.description)
    return NativeAnswer.json(value)
  }

  /// Nil: it is as it was.
  private static func item(_ then: PastObject?, _ now: PastObject, _ kind: KindSpec) -> PlanItem? {
    let object = now.object
    var item = PlanItem(action: .update, tenant: object.tenant, uid: object.uid, kind: object.kind, name: object.name)
    item.reason = "by \(now.origin.actor) at \(object.updated)" + (now.origin.commit.map { ", commit \($0.prefix(12))" } ?? "")
    switch (then, now.isGone) {
    case (nil, true): return nil
    case (nil, false):
      item.action = .create
      item.changes = SpecDiff.changes([:], object.spec, kind)
    case (.some, true): item.action = .delete
    case (.some(let then), false):
      item.changes = SpecDiff.changes(then.object.spec, object.spec, kind)
      if then.object.labels != object.labels {
        item.changes.append(
          .init(path: "metadata.labels", before: SpecDiff.labels(then.object.labels), after: SpecDiff.labels(object.labels)))
      }
      if then.object.name != object.name {
        item.action = .rename
        item.formerName = then.object.name
      }
      if item.changes.isEmpty, item.action == .update { return nil }
    }
    return item
  }
}
