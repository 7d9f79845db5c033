// One object while a plan is being made.
import Core
import Kinds
import Ports

/// What will become of one object. Several intents about one object are refused earlier, so each has one draft.
struct Draft {
  enum Fate { case keep, create, update, delete, restore, record }
  var fate: Fate
  var kind: KindSpec
  var object: StoredObject
  let existing: StoredObject?
  let intent: Int?
  /// Why it is here when nobody asked for it.
  var reason: String?
  var events: [String] = []
  var uniqueKeys: [UniqueKey] = []
  var references: [ObjectReference] = []
  /// A field changed hands but not value, or metadata changed.
  var metadataChanged = false
  /// The object that this one takes the place of, and the fields that force it.
  var replaces: StoredObject?
  var forcedBy: [String] = []
  /// The uid of the object that takes the place of this one.
  var replacedBy: UID?

  var specChanged: Bool { existing.map { !sameSpec($0.spec, object.spec) } ?? true }

  private func sameSpec(_ a: ObjectMap, _ b: ObjectMap) -> Bool {
    a.count == b.count && a.keys.indices.allSatisfy { sameValue(a.values[$0], b[a.keys[$0]]) }
  }
}
