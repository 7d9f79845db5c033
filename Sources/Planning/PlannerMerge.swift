// Step 2: each draft's new spec: references resolved, the wish laid over what is stored, defaults and minted values filled in.
import Core
import Expressions
import Kinds
import Ports

extension PlannerRun {
  mutating func merge() {
    for at in drafts.indices where drafts[at].fate != .delete {
      guard let index = drafts[at].intent else { continue }
      let intent = intents[index]
      var draft = drafts[at]
      let stated = resolveReferences(intent.fields, draft.kind, tenant: intent.tenant, intent: intent, label: draft.object.label)
      var fields = stated
      if let identity = draft.kind.identityField, fields[identity] == nil, draft.existing == nil,
        case .key(let key) = intent.target
      {
        fields[identity] = .string(key.name)
      } else if let identity = draft.kind.identityField, intent.operation == .apply {
        // A rename is laid over the merge: the name stays with its manager.
        fields[identity] = draft.existing?.spec[identity] ?? .string(draft.object.name)
      }
      var merged = OwnershipMerge.merge(fields, onto: draft.existing, kind: draft.kind, intent: intent, context: context)
      layName(over: &merged, draft, intent)
      problems.append(contentsOf: merged.problems)
      merged.gatherProposal(from: draft.existing, draft.kind, context)
      proposed += merged.proposed
      draft.object.spec = merged.spec
      draft.object.owners = merged.owners
      fillIn(&draft, intent)
      if let identity = draft.kind.identityField, let name = draft.object.spec[identity]?.string, name != draft.object.name {
        rename(&draft, to: name, identity, intent)
      }
      let forced = checkShape(draft, intent)
      let labels = Self.labels(intent, draft.object.labels)
      if labels != draft.object.labels {
        draft.object.labels = labels
        draft.metadataChanged = true
      }
      if let protect = intent.protect, protect != draft.object.protected {
        draft.object.protected = protect
        draft.metadataChanged = true
      }
      if draft.fate == .keep, draft.specChanged {
        draft.fate = .update
        draft.object.generation += 1
      } else if draft.fate == .keep, draft.metadataChanged || draft.object.owners != draft.existing?.owners {
        draft.fate = .update
        draft.metadataChanged = true
      }
      drafts[at] = draft
      if !forced.isEmpty { replace(at, forcedBy: forced) }
    }
  }

  /// Labels of the engine's own stay when others are stated.
  private static func labels(_ intent: Intent, _ present: [String: String]) -> [String: String] {
    var labels = intent.labels ?? present
    if intent.labels != nil, intent.operation != .revert {
      for (key, value) in present where key.hasPrefix(ownLabels) && labels[key] == nil { labels[key] = value }
    }
    if let onDrift = intent.onDrift { labels[DriftLabel.key] = onDrift }
    return labels
  }

  static let ownLabels = "plumb/"

  /// Names become uids; unknown ones are problems with the nearest name that this set states.
  mutating func resolveReferences(_ fields: ObjectMap, _ kind: KindSpec, tenant: UID, intent: Intent, label: String) -> ObjectMap
  {
    var fields = fields
    for (path, reference, value) in kind.references(in: fields) {
      guard let target = context.catalog.kind(reference.kind) else { continue }
      var owner = tenant
      var name = value.string
      if case .object(let map) = value {
        name = map["name"]?.string
        if let other = map["tenant"]?.string {
          guard reference.crossTenant else {
            problems.append(
              Problem(
                .invalid, code: "cross_tenant", "\(path.joined(separator: ".")) may not name an object of another tenant.",
                place: place(intent, path), pointer: "/spec/" + path.joined(separator: "/"), object: label))
            continue
          }
          let key = ObjectKey(tenant: .rootTenant, kind: "Tenant", name: other)
          guard let known = snapshot.byKey[key] else {
            needs.insert(.key(key))
            continue
          }
          owner = known?.uid ?? UID(high: 0, low: 0)
        }
      }
      guard let name else { continue }
      let home = Self.home(of: target, tenant: owner)
      if let uid = UID(name) {
        if draftByUID[uid] != nil { continue }
        guard let known = snapshot.byUID[uid] else {
          needs.insert(.uid(tenant: home, uid))
          continue
        }
        if let known, known.tenant == home, known.kind == reference.kind, !known.deleted, known.deleting == nil { continue }
        problems.append(missingReference(name, reference.kind, path, intent, label, near: nil))
        continue
      }
      let key = ObjectKey(tenant: home, kind: reference.kind, name: name)
      if let at = draftByKey[key] {
        put(.string(drafts[at].object.uid.description), at: path[...], in: &fields)
        continue
      }
      guard let known = snapshot.byKey[key] else {
        needs.insert(.key(key))
        continue
      }
      if let known, !known.deleted, known.deleting == nil {
        put(.string(known.uid.description), at: path[...], in: &fields)
      } else {
        let near = nearestName(to: name, among: draftByKey.keys.filter { $0.kind == reference.kind }.map(\.name).sorted())
        problems.append(missingReference(name, reference.kind, path, intent, label, near: near))
      }
    }
    return fields
  }

  private func missingReference(
    _ name: String, _ kind: String, _ path: [String], _ intent: Intent, _ label: String, near: String?
  ) -> Problem {
    Problem(
      .invalid, code: "missing_reference", "\(path.joined(separator: ".")) names \(kind)/\(name), which does not exist.",
      place: place(intent, path), pointer: "/spec/" + path.joined(separator: "/"), object: label,
      fix: near.map { "Did you mean \($0)?" } ?? "Create it, or state it in the same set.",
      details: ["target": .string("\(kind)/\(name)")])
  }

  func place(_ intent: Intent, _ path: [String]) -> Place? {
    intent.places["/spec/" + path.joined(separator: "/")] ?? intent.place
  }

  private func put(_ value: Value, at path: ArraySlice<String>, in map: inout ObjectMap) {
    guard let head = path.first else { return }
    if path.count == 1 {
      map[head] = value
      return
    }
    var inner = map[head] ?? .null
    put(value, at: path.dropFirst(), in: &inner)
    map[head] = inner
  }

  private func put(_ value: Value, at path: ArraySlice<String>, in container: inout Value) {
    guard let head = path.first else {
      container = value
      return
    }
    switch container {
    case .object(var map):
      put(value, at: path, in: &map)
      container = .object(map)
    case .list(var items):
      guard let at = Int(head), items.indices.contains(at) else { return }
      put(value, at: path.dropFirst(), in: &items[at])
      container = .list(items)
    default: break
    }
  }

  /// The new name of what is renamed. Who managed the name goes on doing so.
  private mutating func layName(over merged: inout Merged, _ draft: Draft, _ intent: Intent) {
    guard let existing = draft.existing, let identity = draft.kind.identityField else {
      if intent.newName != nil, draft.existing != nil { problems.append(unnameable(draft, intent)) }
      return
    }
    var name = intent.newName
    if intent.movedFrom != nil, intent.operation == .apply, case .key(let key) = intent.target { name = key.name }
    guard let name, name != existing.name, intent.operation != .revert else { return }
    if intent.operation == .apply, let owner = merged.owners[identity], case .set = owner.manager,
      owner.manager != context.origin.manager, !intent.takeOver
    {
      let at = owner.place.map { " at \($0)" } ?? ""
      problems.append(
        Problem(
          .conflict, code: "ownership", "The name of \(existing.label) is managed by \(owner.manager)\(at).", place: intent.place,
          pointer: "/metadata/movedFrom", object: existing.label, fix: "Rename it there, or take it over on purpose."))
    }
    guard draft.kind.field(identity)?.format == nil else { return problems.append(unnameable(draft, intent)) }
    if let owner = merged.owners[identity], let mode = context.writeBack(owner), mode != .free, !intent.takeOver {
      problems.append(
        WriteBackConflict.problem(
          "The name of \(existing.label)", owner, object: existing.label, pointer: nil, place: intent.place))
    }
    merged.spec[identity] = .string(name)
    var owner =
      merged.owners[identity] ?? FieldOwner(manager: context.origin.manager, actor: context.origin.actor, at: context.now)
    (owner.actor, owner.at, owner.commit, owner.place) = (context.origin.actor, context.now, context.origin.commit, intent.place)
    merged.owners[identity] = owner
  }

  private func unnameable(_ draft: Draft, _ intent: Intent) -> Problem {
    let why =
      draft.kind.identityField.map { "its \($0) is a fact of the world, and no name of ours" } ?? "it has no name of its own"
    return Problem(
      .invalid, code: "rename", "\(draft.object.label) cannot be renamed: \(why).", place: intent.place,
      object: draft.object.label,
      fix: "Make a new one, and delete this one.")
  }

  /// An identity that moves: only where the field is not immutable.
  private mutating func rename(_ draft: inout Draft, to name: String, _ identity: String, _ intent: Intent) {
    let key = ObjectKey(tenant: draft.object.tenant, kind: draft.kind.name, name: name)
    // A random name is another on every round, and free.
    guard let known = wasMinted(identity, draft) ? .some(nil) : snapshot.byKey[key] else {
      needs.insert(.key(key))
      return
    }
    if let known, known.uid != draft.object.uid, !known.deleted {
      problems.append(
        Problem(
          .conflict, code: draft.kind.unique.first?.code ?? "conflict",
          draft.kind.unique.first?.message ?? "\(draft.kind.name)/\(name) exists already.", place: place(intent, [identity]),
          pointer: "/spec/\(identity)", object: draft.object.label))
      return
    }
    draftByKey[ObjectKey(tenant: draft.object.tenant, kind: draft.kind.name, name: draft.object.name)] = nil
    draft.object.name = name
    if let at = draftByUID[draft.object.uid] { draftByKey[key] = at }
    draft.metadataChanged = true
  }
}
