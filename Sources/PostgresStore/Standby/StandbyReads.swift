// Reads for views, which may be a little old: from the standby while it is near enough, else from the primary.
import Core
import Ports

extension PostgresStore {
  /// As `pool.run`, for statements that only read. What a standby answered is noted for the answer's header.
  func reading<T: Sendable>(_ body: @escaping @Sendable (Connection) throws -> T) async throws -> T {
    guard let standby, ReadFreshness.mayBeStale, let age = standby.usable else { return try await pool.run(body) }
    do {
      let value = try await standby.pool.run(body)
      RequestNotes.current?.readBehind(by: age)
      return value
    } catch {
      // Whatever it is: the primary answers, or says the same.
      standby.doubt()
      return try await pool.run(body)
    }
  }

  /// Measures the standby until cancelled; returns at once without one.
  public func watchStandby() async { await standby?.watch(pool) }
}
