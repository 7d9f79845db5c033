// What a write of the API does to fields that a git source manages: a conflict, a change until the next sync, or a proposal to git.
import Core
import Kinds
import Ports

public enum WriteBackMode: String, Sendable {
  /// A conflict that names the source and the place.
  case refuse
  /// The field is the API's until the source syncs again.
  case hold
  /// The field stays; the change becomes a commit on a branch.
  case propose
  /// The source is gone: its fields are nobody's.
  case free
}

/// A change that was asked for and is to be made in git.
public struct ProposedChange: Sendable {
  public var uid: UID
  public var manager: Manager
  /// The field's path in the spec; nil: the object is to go.
  public var path: String?
  /// As stored; nil: the field is to go.
  public var value: Value?
  public var place: Place?
}

extension PlanningContext {
  /// What a write under this plan does to a field of `owner`; nil where other rules hold.
  func writeBack(_ owner: FieldOwner?) -> WriteBackMode? {
    guard origin.manager == .api, let owner, case .set(let name) = owner.manager, SourceSet.source(ofSet: name) != nil else {
      return nil
    }
    return writeBack[owner.manager] ?? .refuse
  }
}

extension PlannerRun {
  /// Whether a deletion that somebody asked for through the API is made; what git states is not deleted behind its back.
  mutating func mayDelete(_ object: StoredObject, _ intent: Intent) -> Bool {
    let owners = object.owners.sorted { $0.key < $1.key }.map(\.value)
    guard let owner = owners.first(where: { context.writeBack($0) != nil }) else { return true }
    switch context.writeBack(owner) {
    case .refuse:
      problems.append(
        WriteBackConflict.problem("\(object.label)", owner, object: object.label, pointer: nil, place: intent.place))
      return false
    case .propose:
      proposed.append(ProposedChange(uid: object.uid, manager: owner.manager, path: nil, value: nil, place: owner.place))
      return false
    default: return true
    }
  }
}

enum WriteBackConflict {
  /// The conflict of a field or object (`what`) that a source manages.
  static func problem(_ what: String, _ owner: FieldOwner, object: String?, pointer: String?, place: Place?) -> Problem {
    var by = owner.manager.description
    if let place = owner.place { by += " at \(place)" }
    if let commit = owner.commit { by += ", commit \(commit.prefix(12))" }
    var details: ObjectMap = ["manager": .string(owner.manager.description), "actor": .string(owner.actor)]
    if let place = owner.place {
      details["file"] = .string(place.file)
      details["line"] = .int(place.line)
    }
    if let commit = owner.commit { details["commit"] = .string(commit) }
    return Problem(
      .conflict, code: "ownership", "\(what) is managed by \(by).", place: place, pointer: pointer, object: object,
      fix: "Change it there, or take the field over on purpose.", details: details)
  }
}

extension Merged {
  /// One wish goes one way: what nobody managed and would have been changed live goes into git with the rest.
  mutating func gatherProposal(from existing: StoredObject?, _ kind: KindSpec, _ context: PlanningContext) {
    guard let existing, let manager = proposed.first?.manager else { return }
    for (path, value) in FieldLeaves.of(spec, kind) {
      let old = FieldPathReader.read(path, existing.spec)
      let before = existing.owners[path]
      guard !sameValue(old, value), before == nil || before?.manager == .standard,
        owners[path]?.manager == context.origin.manager,
        let field = kind.field(FieldLeaves.top(path)), field.writer == .any, field.generate == nil
      else { continue }
      proposed.append(ProposedChange(uid: existing.uid, manager: manager, path: path, value: value, place: nil))
      if let old { FieldLeaves.set(old, at: path, in: &spec) } else { FieldLeaves.remove(path, from: &spec) }
      owners[path] = before
    }
  }
}
