// `readiness`: whether the store answers, within two seconds.
import Core
import Ports

struct ReadinessHandler: OperationHandler {
  private static let deadline: Duration = .seconds(2)
  let name = "readiness"

  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    let answers = await withTaskGroup(of: Bool.self) { group in
      group.addTask { (try? await ports.reads.ping()) != nil }
      group.addTask {
        await ports.clock.sleep(Self.deadline)
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
