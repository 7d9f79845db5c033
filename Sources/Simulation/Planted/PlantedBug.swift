// Bugs that are put in on purpose: a simulator that does not find them finds nothing.

public enum PlantedBug: String, Sendable, CaseIterable {
  /// Writes land whatever became of the worker's shard.
  case ignoredFence
  /// The runtime does not know what it has started, so that an effect is repeated after a crash.
  case repeatedEffect
  /// Wishes for attention get lost, and nothing looks by itself.
  case missedWake
  /// The status says that the app runs before its processes were started.
  case earlyStatus
}
