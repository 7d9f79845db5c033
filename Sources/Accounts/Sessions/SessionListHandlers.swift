// `accounts.sessions`, `accounts.session-end`, `accounts.sessions-end-others`: where a person is signed in.
import Core
import Identity
import Kinds
import Ports

struct ListSessionsHandler: DeskHandler {
  let name = "accounts.sessions"
  let desk: AccountDesk

  /// `{sessions}`, the one used last first. At most `SessionStore.limit`.
  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    let parts = try desk.parts()
    let person = try await SignedInPerson(call, ports)
    let sessions = try await parts.kit.sessions.list(person.account.uid).sorted { ($1.used, $1.id) < ($0.used, $0.id) }
    return .value([
      "sessions": .list(
        sessions.map { session in
          [
            "id": .string(session.id.description), "createdAt": .string(session.created.description),
            "lastUsedAt": .string(session.used.description), "expiresAt": .string(session.expires.description),
            "userAgent": .string(session.agent), "address": .string(session.address), "method": .string(session.method),
            "isCurrent": .bool(session.id == person.session),
          ]
        })
    ])
  }
}

struct EndSessionHandler: DeskHandler {
  let name = "accounts.session-end"
  let desk: AccountDesk

  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    let parts = try desk.parts()
    let person = try await SignedInPerson(call, ports)
    guard let text = call.path["sessionId"], let id = UID(text), try await parts.kit.sessions.end(id, of: person.account.uid)
    else {
      throw AccountProblem.missing("session")
    }
    parts.forget(person.account.uid)
    try await AccountWrites.note(
      "session.ended", "A session was ended", severity: .low, account: person.account, call: call, ports: ports)
    return .value(.emptyObject)
  }
}

struct EndOtherSessionsHandler: DeskHandler {
  let name = "accounts.sessions-end-others"
  let desk: AccountDesk

  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    let parts = try desk.parts()
    let person = try await SignedInPerson(call, ports)
    let ended = try await parts.kit.sessions.endAll(of: person.account.uid, except: person.session)
    parts.forget(person.account.uid)
    try await AccountWrites.note(
      "session.ended", "\(ended) other sessions were ended", severity: .medium, account: person.account, call: call, ports: ports)
    return .value(["ended": .int(ended)])
  }
}
