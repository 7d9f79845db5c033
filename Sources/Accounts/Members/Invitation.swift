// An invitation found by its token: an object in the inviting tenant, and a secret that went out by mail.
import Core
import Identity
import Kinds
import Ports

struct Invitation: Sendable {
  static let life = Duration.seconds(7 * 86_400)
  static let purpose = OneTimeTokens.Purpose("invitation", life: life)

  let token: String
  let object: StoredObject
  let tenant: StoredObject

  var email: String { object.spec["email"]?.string ?? "" }
  var role: String { object.spec["role"]?.string ?? "user" }

  static func isOpen(_ object: StoredObject, at now: Timestamp) -> Bool {
    guard !object.deleted, object.deleting == nil else { return false }
    return object.spec["expiresAt"]?.string.flatMap { Timestamp($0) }.map { now < $0 } ?? false
  }

  /// Nil for unknown, used, withdrawn and expired ones. The token is not used up.
  static func find(_ token: String, _ parts: AccountDesk.Parts, _ ports: OperationPorts) async throws -> Invitation? {
    guard let kept = try await parts.kit.tokens.peek(purpose, token), let tenant = kept["tenant"].string.flatMap({ UID($0) }),
      let uid = kept["invitation"].string.flatMap({ UID($0) }),
      let object = try await ports.reads.objects(tenant: tenant, uids: [uid]).first, object.kind == "Invitation",
      isOpen(object, at: ports.clock.now()),
      let place = try await ports.reads.objects(tenant: .rootTenant, uids: [tenant]).first, !place.deleted, place.deleting == nil,
      place.spec["active"] != false
    else { return nil }
    return Invitation(token: token, object: object, tenant: place)
  }

  /// The membership, and the end of the invitation: of two who accept it at once, one succeeds.
  func accepted(by account: UID, title: Value?) -> [Intent] {
    [
      AccountWrites.join(object.tenant, account: account, email: email, title: title, role: role),
      AccountWrites.delete(object),
    ]
  }

  func use(_ parts: AccountDesk.Parts) async throws { _ = try await parts.kit.tokens.take(Self.purpose, token) }
}
