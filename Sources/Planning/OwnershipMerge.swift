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
    var merged = Merged(spec: existing?.spec ?? ObjectMap(), owners: existing?.owners ?? [:])
    let manager = context.origin.manager
    let owner = FieldOwner(
      manager: manager, actor: context.origin.actor, at: context.now, commit: context.origin.commit, place: intent.stored)

    func mayWrite(_ path: String, _ value: Value?) -> Bool {
      guard let present = merged.owners[path], present.manager != manager, present.manager != .standard, !intent.takeOver else {
        return true
      }
      guard case .set = present.manager else {
        // Only sets hold on to their fields against the API; a set that meets an API-owned value must take it over on purpose.
        guard case .set = manager else { return true }
        merged.problems.append(conflict(path, present, existing, intent))
        return false
      }
      merged.problems.append(conflict(path, present, existing, intent))
      return false
    }

    /// What a git source says of writes by the API; nil: the usual rules hold.
    func writeBack(_ path: String, _ value: Value?) -> Bool? {
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

    func put(_ path: String, _ value: Value) {
      if sameValue(FieldPathReader.read(path, merged.spec), value) {
        if merged.owners[path] == nil || merged.owners[path]?.manager == .standard {
          merged.owners[path] = placed(owner, path, intent)
        }
        return
      }
      guard writeBack(path, value) ?? mayWrite(path, value) else { return }
      clearBelow(path)
      FieldLeaves.set(value, at: path, in: &merged.spec)
      merged.owners[path] = placed(owner, path, intent)
    }

    func clear(_ path: String) {
      guard merged.spec[FieldLeaves.top(path)] != nil, writeBack(path, nil) ?? mayWrite(path, nil) else { return }
      FieldLeaves.remove(path, from: &merged.spec)
      merged.owners[path] = nil
    }

    /// A map that was one leaf and becomes several, or the reverse: old leaves go first.
    func clearBelow(_ path: String) {
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

    var nulls: [String] = []
    var given = ObjectMap()
    for (name, value) in stated { if value.isNull { nulls.append(name) } else { given[name] = value } }
    let leaves = FieldLeaves.of(given, kind)
    if existing == nil {
      // Nobody to disagree with: the wish is the spec.
      merged.spec = given
      merged.owners.reserveCapacity(leaves.count)
      for (path, _) in leaves { merged.owners[path] = placed(owner, path, intent) }
      return merged
    }
    let paths = Set(leaves.map(\.path))

    switch intent.operation {
    case .apply:
      for old in merged.owners.keys.sorted() where merged.owners[old]?.manager == manager && !paths.contains(old) { clear(old) }
    case .patch, .replace, .create, .restore:
      // A body replaces each field it names, maps included.
      let names = intent.operation == .replace ? writableNames(kind, intent.writer) : Set(stated.keys)
      for old in merged.owners.keys.sorted() where names.contains(FieldLeaves.top(old)) && !paths.contains(old) { clear(old) }
      for name in names where given[name] == nil && merged.spec[name] != nil { clear(name) }
    case .delete: break
    }
    for (path, value) in leaves { put(path, value) }
    return merged
  }

  private static func writableNames(_ kind: KindSpec, _ writer: FieldSpec.Writer) -> Set<String> {
    Set(kind.fields.filter { $0.writer == .any && $0.generate == nil && $0.computed == nil && !$0.immutable }.map(\.name))
  }

  private static func placed(_ owner: FieldOwner, _ path: String, _ intent: Intent) -> FieldOwner {
    var owner = owner
    owner.place = intent.places.isEmpty ? intent.stored : intent.places[FieldLeaves.pointer(path)] ?? intent.stored
    return owner
  }

  private static func conflict(_ path: String, _ owner: FieldOwner, _ existing: StoredObject?, _ intent: Intent) -> Problem {
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
