// The virtual clock of a simulation.
import Core

public struct SimClock: Clock {
  let executor: SimExecutor
  public init(_ executor: SimExecutor) { self.executor = executor }
  public func now() -> Timestamp { Timestamp(microseconds: executor.now) }
  public func sleep(_ duration: Duration) async { await executor.sleep(duration) }
}
