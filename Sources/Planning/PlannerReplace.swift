// Objects that are replaced: an immutable field is to change, so a new object takes the old one's place, and who referred to the
// old one refers to it.
import Core
import Kinds
import Ports

extension PlannerRun {
  /// Turns the draft at `at` into a new object, with the old one going in the same commit.
  mutating func replace(_ at: Int, forcedBy fields: [String]) {
    var draft = drafts[at]
    guard let old = draft.existing else { return }
    if old.protected, !context.confirmed {
      problems.append(
        Problem(
          .refused, code: "protected", "\(old.label) is protected, and this would replace it.",
          place: draft.intent.flatMap { intents[$0].place }, object: old.label, fix: "Set metadata.protect to false first."))
      return
    }
    var new = StoredObject(
      tenant: old.tenant, uid: context.minting.uid(at: context.now), kind: old.kind, name: draft.object.name, rev: draft.kind.rev,
      spec: draft.object.spec, owners: draft.object.owners, labels: draft.object.labels, protected: draft.object.protected,
      created: context.now, updated: context.now)
    new.generation = 1
    draft = Draft(fate: .create, kind: draft.kind, object: new, existing: nil, intent: draft.intent, reason: draft.reason)
    draft.replaces = old
    draft.forcedBy = fields
    drafts[at] = draft
    draftByUID[new.uid] = at
    draftByKey[ObjectKey(tenant: new.tenant, kind: new.kind, name: new.name)] = at
    if let intent = draft.intent { targets[intent] = new.uid }
    var going = Draft(fate: .delete, kind: draft.kind, object: old, existing: old, intent: nil, reason: "replaced")
    going.replacedBy = new.uid
    add(going)
    if snapshot.referrers[old.uid] == nil { needs.insert(.referrers(tenant: old.tenant, old.uid)) }
  }

  /// The name under which what was replaced is taken down. No kind's pattern permits it to anybody else.
  static func formerName(_ object: StoredObject) -> String { "\(object.name)~\(object.uid.description.prefix(8))" }

  /// References among the plan's own objects, which were resolved before it was known that their target is replaced.
  mutating func repoint() {
    let heirs = Dictionary(
      drafts.compactMap { draft in draft.replacedBy.map { (draft.object.uid, $0) } }, uniquingKeysWith: { first, _ in first })
    if heirs.isEmpty { return }
    for at in drafts.indices where drafts[at].fate != .delete { repoint(at, heirs) }
  }

  /// A referrer that the plan had not touched.
  mutating func follow(_ referrer: StoredObject, from gone: StoredObject, to heir: UID) {
    if let at = draftByUID[referrer.uid] {
      if drafts[at].fate != .delete { repoint(at, [gone.uid: heir]) }
      return
    }
    guard let kind = context.catalog.kind(referrer.kind) else { return }
    add(
      Draft(
        fate: .keep, kind: kind, object: referrer, existing: referrer, intent: nil,
        reason: "follows \(gone.label), which is replaced"))
    repoint(drafts.count - 1, [gone.uid: heir])
  }

  private mutating func repoint(_ at: Int, _ heirs: [UID: UID]) {
    var draft = drafts[at]
    var spec = Value.object(draft.object.spec)
    var moved = false
    for (path, _, value) in draft.kind.references(in: draft.object.spec) {
      guard let heir = value.string.flatMap({ UID($0) }).flatMap({ heirs[$0] }) else { continue }
      Self.put(.string(heir.description), at: path[...], in: &spec)
      moved = true
    }
    guard moved, let map = spec.object else { return }
    draft.object.spec = map
    if draft.fate == .keep || draft.fate == .update, draft.object.generation == draft.existing?.generation {
      draft.object.generation += 1
    }
    if draft.fate == .keep { draft.fate = .update }
    drafts[at] = draft
  }

  private static func put(_ value: Value, at path: ArraySlice<String>, in container: inout Value) {
    guard let head = path.first else {
      container = value
      return
    }
    switch container {
    case .object(var map):
      var inner = map[head] ?? .null
      put(value, at: path.dropFirst(), in: &inner)
      map[head] = inner
      container = .object(map)
    case .list(var items):
      guard let n = Int(head), items.indices.contains(n) else { return }
      put(value, at: path.dropFirst(), in: &items[n])
      container = .list(items)
    default: break
    }
  }
}
