// The claim under which a step is taken, for services whose steps commit to the store.

/// A service that commits while it takes a step puts this fence into its commit: the step of a stale worker then writes nothing.
public enum StepFence {
  @TaskLocal public static var current: Fence?
}
