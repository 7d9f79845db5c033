// `readiness`: whether the store answers, within two seconds.
import Core

struct ReadinessHandler: RouteHandler {
  private static let deadline: Duration = .seconds(2)
  let name = "readiness"

  func handle(_ context: RequestContext) async throws -> HandlerResult {
    let services = context.services
    let answers = await withTaskGroup(of: Bool.self) { group in
      group.addTask { (try? await services.store.ping()) != nil }
      group.addTask {
        await services.clock.sleep(Self.deadline)
        return false
      }
      let first = await group.next() ?? false
      group.cancelAll()
      return first
    }
    guard answers else { throw Problem(.unavailable, code: ProblemCode.unavailable, "The database does not answer.") }
    return .value(["status": "ready"])
  }
}
