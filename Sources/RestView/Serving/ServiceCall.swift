// One look at an outside service for an answer, never longer than its deadline.
import Core
import Kinds
import Ports

enum ServiceCall {
  /// Nil when the service is not there, fails, or takes too long.
  static func observe(
    _ service: (any ServicePort)?, _ operation: String, _ arguments: Value, tenant: UID, within: Duration, clock: any Clock
  ) async -> Value? {
    guard let service else { return nil }
    let metadata = ObjectMetadata(
      tenant: tenant, uid: tenant, kind: "", name: "", generation: 0, labels: [:], created: clock.now())
    return await withTaskGroup(of: Value?.self) { group in
      group.addTask { try? await service.observe(metadata, operation: operation, arguments: arguments) }
      group.addTask {
        await clock.sleep(within)
        return nil
      }
      let first = await group.next() ?? nil
      group.cancelAll()
      return first
    }
  }
}
