// What all loops of one server share: counts against its limits, and how it logs.
import Synchronization

final class ServerState: Sendable {
  let limits: HTTPLimits
  let times: LimitTimes
  let log: @Sendable (String) -> Void
  let listeners: [HTTPListener]
  /// Connections that may be open at once: the configured number, or fewer where descriptors are scarce.
  let connectionLimit = Atomic<Int>(0)
  let connections = Atomic<Int>(0)
  let bodyBytes = Atomic<Int>(0)
  private let requests = Atomic<UInt64>(0)

  init(limits: HTTPLimits, listeners: [HTTPListener], log: @escaping @Sendable (String) -> Void) {
    self.limits = limits
    times = LimitTimes(limits)
    self.listeners = listeners
    self.log = log
    connectionLimit.store(limits.connections, ordering: .relaxed)
  }

  /// Counts a new connection; false when there are too many.
  func admit() -> Bool {
    let count = connections.wrappingAdd(1, ordering: .relaxed).newValue
    if count <= connectionLimit.load(ordering: .relaxed) { return true }
    release()
    return false
  }

  func release() { connections.wrappingSubtract(1, ordering: .relaxed) }

  /// Counts bytes of a body being received; false when all bodies together are too large.
  func takeBodyBytes(_ count: Int) -> Bool {
    bodyBytes.wrappingAdd(count, ordering: .relaxed).newValue <= limits.bodiesInFlight
  }

  func returnBodyBytes(_ count: Int) {
    if count > 0 { bodyBytes.wrappingSubtract(count, ordering: .relaxed) }
  }

  func nextRequest() -> UInt64 { requests.wrappingAdd(1, ordering: .relaxed).newValue }
}
