// Laying one manager's wish over what is stored: which leaves change, who owns them then, and where two managers disagree.
import Core
import Kinds
import Ports

/// The outcome of a merge.
struct Merged {
  var spec: ObjectMap
  var owners: Owners
  var problems: [Problem] = []
  /// What is to be changed in git instead.
  var proposed: [ProposedChange] = []
}

enum OwnershipMerge {
  /// - Parameters:
  ///   - stated: the wish, normalised (references are uids, secrets sealed).
  ///   - existing: nil for a creation.
  static func merge(
    _ stated: ObjectMap, onto existing: StoredObject?, kind: KindSpec, intent: Intent, context: PlanningContext
  ) -> Merged {
    if intent.operation == .revert { return Merged(spec: stated, owners: intent.owners) }
    var merging = Merging(existing: existing, kind: kind, intent: intent, context: context)
    var given = ObjectMap()
    for (name, value) in stated where !value.isNull { given[name] = value }
    let leaves = FieldLeaves.of(given, kind)
    guard existing != nil else {
      // Nobody to disagree with: the wish is the spec.
      merging.merged.spec = given
      merging.merged.owners.reserveCapacity(leaves.count)
      for (path, _) in leaves { merging.merged.owners[path] = merging.mine(path) }
      return merging.merged
    }
    let paths = Set(leaves.map(\.path))
    switch intent.operation {
    case .apply:
      merging.letGo(stated: paths)
      for old in merging.merged.owners.keys.sorted() where !paths.contains(old) { merging.stopStating(old) }
    case .patch, .replace, .create, .restore:
      // A body replaces each field it names, maps included.
      let names = intent.operation == .replace ? writableNames(kind) : Set(stated.keys)
      for old in merging.merged.owners.keys.sorted() where names.contains(FieldLeaves.top(old)) && !paths.contains(old) {
        merging.clear(old)
      }
      for name in names.sorted() where given[name] == nil && merging.merged.spec[name] != nil { merging.clear(name) }
    case .delete, .revert: break
    }
    for (path, value) in leaves { merging.put(path, value) }
    if let handover = intent.handover { merging.handOver(handover, kind) }
    return merging.merged
  }

  private static func writableNames(_ kind: KindSpec) -> Set<String> {
    Set(kind.fields.filter { $0.writer == .any && $0.generate == nil && $0.computed == nil && !$0.immutable }.map(\.name))
  }

  /// `path` is the field or a part of it: `env` covers `env.LOG`.
  static func covers(_ field: String, _ path: String) -> Bool { path == field || path.hasPrefix(field + ".") }
}

/// One merge while it goes on.
private struct Merging {
  var merged: Merged
  let existing: StoredObject?
  let intent: Intent
  let manager: Manager
  private let owner: FieldOwner
  private let context: PlanningContext
  private let identity: String?

  init(existing: StoredObject?, kind: KindSpec, intent: Intent, context: PlanningContext) {
    identity = intent.places.isEmpty ? nil : kind.identityField
    merged = Merged(spec: existing?.spec ?? ObjectMap(), owners: existing?.owners ?? [:])
    self.existing = existing
    self.intent = intent
    self.context = context
    manager = context.origin.manager
    owner = FieldOwner(
      manager: manager, actor: context.origin.actor, at: context.now, commit: context.origin.commit, place: intent.place)
  }

  func mine(_ path: String) -> FieldOwner {
    var owner = owner
    if intent.places.isEmpty {
      owner.place = intent.stored
      return owner
    }
    owner.place =
      intent.places[FieldLeaves.pointer(path)] ?? (path == identity ? intent.places["/metadata/name"] : nil) ?? intent.stored
    return owner
  }

  // MARK: Values

  /// Sets hold on to their fields against everybody; the API only against sets, which must take over on purpose.
  private mutating func mayWrite(_ path: String) -> Bool {
    guard let present = merged.owners[path], present.manager != .standard, !intent.takeOver else { return true }
    let others = ([present] + present.also).filter { $0.manager != manager }
    let holder = others.first { if case .set = $0.manager { true } else { false } }
    if let holder {
      merged.problems.append(conflict(path, holder))
      return false
    }
    // Who adopts has said that the values found are to be those of the manifests.
    guard case .set = manager, !intent.adopts, let other = others.first else { return true }
    merged.problems.append(conflict(path, other))
    return false
  }

  /// What a git source says of writes by the API; nil: the usual rules hold.
  private mutating func writeBack(_ path: String, _ value: Value?) -> Bool? {
    guard !intent.takeOver else { return nil }
    if merged.proposed.contains(where: { $0.path?.hasPrefix(path + ".") == true }) { return false }
    let owner = merged.owners[path]
    switch context.writeBack(owner) {
    case .hold, .free: return true
    case .propose:
      guard let owner, let existing else { return nil }
      merged.proposed.append(
        ProposedChange(uid: existing.uid, manager: owner.manager, path: path, value: value, place: owner.place))
      return false
    default: return nil
    }
  }

  mutating func put(_ path: String, _ value: Value) {
    if sameValue(FieldPathReader.read(path, merged.spec), value) { return agree(path) }
    guard writeBack(path, value) ?? mayWrite(path) else { return }
    clearBelow(path)
    FieldLeaves.set(value, at: path, in: &merged.spec)
    merged.owners[path] = mine(path)
  }

  /// The value is as wished: who wishes it too is remembered, so that it stays when the other lets go.
  private mutating func agree(_ path: String) {
    guard var present = merged.owners[path], present.manager != .standard else {
      merged.owners[path] = mine(path)
      return
    }
    guard present.manager != manager, case .set = manager else { return }
    let isSet = if case .set = present.manager { true } else { false }
    if intent.takeOver || intent.adopts && !isSet {
      merged.owners[path] = mine(path)
    } else if !present.also.contains(where: { $0.manager == manager }), present.also.count < FieldOwner.mostAlso {
      present.also.append(mine(path))
      merged.owners[path] = present
    }
  }

  mutating func clear(_ path: String) {
    guard merged.spec[FieldLeaves.top(path)] != nil, writeBack(path, nil) ?? mayWrite(path) else { return }
    FieldLeaves.remove(path, from: &merged.spec)
    merged.owners[path] = nil
  }

  /// A map that was one leaf and becomes several, or the reverse: old leaves go first.
  private mutating func clearBelow(_ path: String) {
    for old in merged.owners.keys.sorted() where old.hasPrefix(path + ".") {
      FieldLeaves.remove(old, from: &merged.spec)
      merged.owners[old] = nil
    }
    var parent = path
    while let dot = parent.lastIndex(of: ".") {
      parent = String(parent[..<dot])
      if merged.owners[parent] != nil {
        merged.owners[parent] = nil
        if FieldPathReader.read(parent, merged.spec)?.object?.isEmpty ?? true { FieldLeaves.remove(parent, from: &merged.spec) }
      }
    }
  }

  // MARK: Managers

  /// What the manager stated before and leaves out now: it stays with another who states it; else it goes.
  mutating func stopStating(_ path: String) {
    guard var present = merged.owners[path] else { return }
    if present.manager == manager {
      if pass(path) { return }
      clear(path)
    } else if let at = present.also.firstIndex(where: { $0.manager == manager }) {
      present.also.remove(at: at)
      merged.owners[path] = present
    }
  }

  /// Gives the field to the first co-manager. False: there is none.
  private mutating func pass(_ path: String) -> Bool {
    guard let present = merged.owners[path], var heir = present.also.first else { return false }
    heir.also = Array(present.also.dropFirst())
    merged.owners[path] = heir
    return true
  }

  /// Fields that the manifest names as unmanaged keep their value, and are anybody's from now on.
  mutating func letGo(stated: Set<String>) {
    for field in intent.unmanaged {
      if let path = stated.first(where: { OwnershipMerge.covers(field, $0) }) {
        merged.problems.append(
          Problem(
            .invalid, code: "unmanaged", "\(path) is stated, and listed as unmanaged.",
            place: intent.places[FieldLeaves.pointer(path)] ?? intent.place, pointer: FieldLeaves.pointer(path),
            object: existing?.label, fix: "Remove one of the two."))
      }
      for path in merged.owners.keys.sorted() where OwnershipMerge.covers(field, path) {
        guard var present = merged.owners[path] else { continue }
        present.also.removeAll { $0.manager == manager }
        merged.owners[path] = present
        if present.manager == manager, !pass(path) { merged.owners[path] = nil }
      }
    }
  }

  mutating func handOver(_ handover: Intent.Handover, _ kind: KindSpec) {
    let leaves = FieldLeaves.of(merged.spec, kind).map(\.path)
    for field in handover.fields where !leaves.contains(where: { OwnershipMerge.covers(field, $0) }) {
      merged.problems.append(
        Problem(
          .invalid, code: "unknown_field", "\(existing?.label ?? kind.name) has no field \(field) that could be handed over.",
          pointer: FieldLeaves.pointer(field), object: existing?.label,
          fix: nearestName(to: field, among: leaves).map { "Did you mean \($0)?" }))
    }
    for path in leaves where handover.fields.isEmpty || handover.fields.contains(where: { OwnershipMerge.covers($0, path) }) {
      // Defaults are nobody's until somebody states them.
      if handover.fields.isEmpty, merged.owners[path].map({ $0.manager == .standard }) ?? true { continue }
      guard let to = handover.to else {
        merged.owners[path] = nil
        continue
      }
      var owner = mine(path)
      owner.manager = to
      owner.also = merged.owners[path]?.also.filter { $0.manager != to } ?? []
      if merged.owners[path]?.manager != to { merged.owners[path] = owner }
    }
  }

  private func conflict(_ path: String, _ owner: FieldOwner) -> Problem {
    let pointer = FieldLeaves.pointer(path)
    return WriteBackConflict.problem(
      path, owner, object: existing?.label, pointer: pointer, place: intent.places[pointer] ?? intent.place)
  }
}

enum FieldPathReader {
  static func read(_ path: String, _ spec: ObjectMap) -> Value? {
    var here: Value = .object(spec)
    for step in path.split(separator: ".", omittingEmptySubsequences: false) {
      guard let next = here.object?[String(step)] else { return nil }
      here = next
    }
    return here
  }
}

extension Intent {
  /// Its place in a file, as owners remember it.
  fileprivate var stored: Place? { place.flatMap { $0.item == nil ? $0 : nil } }
}
