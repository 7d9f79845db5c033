// The person behind a session, for handlers of his own affairs.
import Core
import Identity
import Kinds
import Ports

struct SignedInPerson: Sendable {
  let account: StoredObject
  let session: UID

  /// Throws `no_session` (unauthenticated) for API keys, which have no affairs of their own.
  init(_ call: OperationCall, _ ports: OperationPorts) async throws {
    guard let uid = call.caller?.account, let session = call.caller?.session,
      let account = try await AccountReads(ports).account(uid)
    else { throw Problem(.unauthenticated, code: "no_session", "Only who is signed in may do this.", fix: "Sign in.") }
    self.account = account
    self.session = session
  }
}
