// What the installation depends on outside, and whether it answers: service `integrations`.
import Core
import Kinds
import OutgoingHTTP
import Ports

/// Observe `check` → [{name, status: healthy | unhealthy | not_configured, lastCheck, calls24h, message}]. A check is good for half a
/// minute; the same is told to everybody who asks meanwhile.
actor IntegrationService: ServicePort {
  nonisolated let name = "integrations"
  private static let fresh = Duration.seconds(30)
  private static let day = Duration.seconds(86_400)
  private static let google = "https://accounts.google.com/.well-known/openid-configuration"

  private let store: any StorePort
  private let payments: any ServicePort
  private let outgoing: OutgoingHTTP
  private let hasMail: Bool
  private let tally: CallTally
  private let clock: any Clock
  private var checked: (at: Timestamp, states: [Value])?

  init(
    store: any StorePort, payments: any ServicePort, outgoing: OutgoingHTTP, hasMail: Bool, tally: CallTally, clock: any Clock
  ) {
    self.store = store
    self.payments = payments
    self.outgoing = outgoing
    self.hasMail = hasMail
    self.tally = tally
    self.clock = clock
  }

  func observe(_ metadata: ObjectMetadata, operation: String, arguments: Value) async throws -> Value {
    guard operation == "check" else { throw Problem(.invalid, code: "operation", "Integrations have no operation \(operation).") }
    let now = clock.now()
    if checked.map({ now - $0.at > Self.fresh }) ?? true {
      async let database = database()
      async let stripe = payments.observe(metadata, operation: "health", arguments: .emptyObject)
      async let google = self.google()
      let states = [
        ("postgresql", await database), ("stripe", (try? await stripe) ?? ["status": "unhealthy"]), ("email", mail()),
        ("google", await google),
      ]
      checked = (
        now,
        states.map { name, state in
          ["name": .string(name), "status": state["status"], "lastCheck": .string(now.description), "message": state["message"]]
        }
      )
    }
    let query = RecordQuery(tenant: .rootTenant, kind: "IntegrationSample", from: now - Self.day)
    let calls = try await store.aggregate(query, sum: "calls", by: "integration")
    return .list(
      (checked?.states ?? []).map { state in
        var state = state
        state["calls24h"] = .int(Int(calls.first { $0.group == state["name"].string }?.sum ?? 0))
        return state
      })
  }

  private func database() async -> Value {
    do {
      try await store.ping()
      return ["status": "healthy"]
    } catch { return ["status": "unhealthy", "message": "The database does not answer."] }
  }

  /// No mail is sent to find out: the last one tells.
  private func mail() -> Value {
    guard hasMail else { return ["status": "not_configured"] }
    return tally.lastFailure("email").map { ["status": "unhealthy", "message": .string($0)] } ?? ["status": "healthy"]
  }

  private func google() async -> Value {
    let key = ObjectKey(tenant: .rootTenant, kind: "ConfigVariable", name: "google.clientId")
    let client = try? await store.objects(named: [key]).first?.spec["value"]?.string
    guard let client, !client.isEmpty else { return ["status": "not_configured"] }
    switch await outgoing.send(OutgoingRequest(url: Self.google, timeout: .seconds(5))) {
    case .success(let response) where response.status == 200: return ["status": "healthy"]
    case .success(let response): return ["status": "unhealthy", "message": .string("The answer was status \(response.status).")]
    case .failure(let failure): return ["status": "unhealthy", "message": .string(failure.message)]
    }
  }

  nonisolated func perform(_ step: Step, key: String, metadata: ObjectMetadata) async -> StepReply {
    StepReply(
      step: step.name, outcome: .failed, value: ["error": ["code": "operation", "message": "Integrations take no steps."]])
  }
}
