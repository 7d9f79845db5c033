// Facts that a decision rests on, checked under the head lock of its commit.
import Core
import Kinds

/// A fact that the decision rests on; checked under the head lock, so nothing can slip in between.
public enum Pin: Sendable {
  /// The object still has this version (so it exists and is live).
  case version(tenant: UID, uid: UID, Int)
  /// The object exists, is live and is not going, whatever its version: for references.
  case exists(tenant: UID, uid: UID)
  /// At most this many live objects of the kind satisfy the predicate after this commit. `code` and `message` go into the refusal.
  case atMost(tenant: UID, kind: String, Predicate, Int, problem: Problem)
  /// A sum over records is this after the commit: what was decided from it still holds. `by` in the total's order.
  case total(tenant: UID, kind: String, name: String, by: [Value], is: Value, problem: Problem)
  /// No live object but those deleted here refers to this one (through these `Kind.field` paths; empty: any).
  case unreferenced(tenant: UID, uid: UID)
  /// The live objects of the kind are these at these versions, besides those that this commit writes: what was decided from all of them
  /// holds. Locks no head of theirs: who makes one at this very moment comes after this commit.
  case members(tenant: UID, kind: String, [UID: Int])
}
