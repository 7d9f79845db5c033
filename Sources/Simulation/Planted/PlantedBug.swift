// Bugs that are put in on purpose: a simulator that does not find them finds nothing.

public enum PlantedBug: String, Sendable, CaseIterable {
  /// Who refers to an object is read from an old copy, and nothing checks it again: what is still referred to is deleted.
  case staleDelete
  /// A step of class once is taken again after a crash, as if it were idempotent.
  case repeatedOnce
  /// The runtime does not know what it has started, so that an effect is repeated after a crash.
  case repeatedEffect
  /// Wishes for attention get lost, and nothing looks by itself.
  case missedWake
  /// Writes land whatever became of the worker's shard.
  case ignoredFence
  /// The controller writes down what it made true before it has done so, and believes it later.
  case hashFirst
  /// The status says that the app runs before its processes were started.
  case earlyStatus
  /// An object is forgotten before what it left in the world is gone.
  case orphan
  /// Positions of the feed are given before the commit, so that a later one can be seen before an earlier one.
  case lateCommitter
  /// A delivery counts as made whatever became of it.
  case lostDelivery
  /// The commit of a git source is noted as applied before its set was.
  case commitFirst
}
