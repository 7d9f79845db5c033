// Who reads the mails of an address has shown that it is his: whatever somebody else set up there before is void.
import Core
import Identity
import Kinds
import Ports

enum ProvenAddress {
  /// The account, confirmed. A password that was set before the address was ever confirmed may be a stranger's: it goes, with its sessions.
  static func confirm(_ account: StoredObject, _ parts: AccountDesk.Parts, _ ports: OperationPorts, with more: ObjectMap = [:])
    async throws -> StoredObject
  {
    var fields = more
    if account.spec["emailVerified"] != true {
      fields["emailVerified"] = true
      fields["password"] = .null
      try await parts.kit.sessions.endAll(of: account.uid)
      parts.forget(account.uid)
    }
    if fields.isEmpty { return account }
    let made = try await ports.writes.write([AccountWrites.patch(account.uid, fields, expecting: account.version)])
    return made.objects[0] ?? account
  }
}
