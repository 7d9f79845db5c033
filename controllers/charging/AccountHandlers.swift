// Keys and members of the tenant, as this family shows them.
import Core
import Ports

/// All keys, those that were revoked too: they stay listed for as long as they are kept.
struct ListKeysHandler: OperationHandler {
  let name = "charging.listKeys"
  static let limit = 1000

  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    let keys = try await ports.reads.list(
      ObjectQuery(
        tenant: call.tenant, kind: "ApiKey", sort: [(.created, true)], limit: Self.limit, includeDeleted: true, wantsOwners: false
      )
    ).objects
    let used = try await ports.reads.lastUsed(tenant: call.tenant, uids: keys.map(\.uid))
    return .value([
      "items": .list(
        keys.map { key in
          [
            "id": .string(key.uid.description), "name": .string(key.spec["label"]?.string ?? key.name),
            "description": key.spec["description"] ?? .null, "tenantId": .string(key.tenant.description),
            "createdAt": .string(key.created.description), "expiresAt": key.spec["expiresAt"] ?? .null,
            "lastUsedAt": Value(used[key.uid]?.description),
            "revokedAt": key.deleted || key.deleting != nil ? .string((key.deleting ?? key.updated).description) : .null,
          ]
        })
    ])
  }
}

/// Users of the tenant; for admins also the invitations that nobody has taken yet.
struct ListMembersHandler: OperationHandler {
  let name = "charging.listMembers"
  static let limit = 1000

  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    func all(_ kind: String) async throws -> [StoredObject] {
      guard ports.catalog.kind(kind) != nil else { return [] }
      return try await ports.reads.list(
        ObjectQuery(tenant: call.tenant, kind: kind, sort: [(.created, false)], limit: Self.limit, wantsOwners: false)
      ).objects.filter { $0.deleting == nil }
    }
    var members: [Value] = try await all("User").map { user in
      [
        "userId": .string(user.uid.description), "email": user.spec["email"] ?? .string(user.name),
        "role": user.spec["role"] ?? "user",
        "status": user.spec["active"]?.bool == false ? "inactive" : "active", "joinedAt": .string(user.created.description),
        "invitedAt": nil, "expiresAt": nil, "invitedBy": nil, "invitationId": nil,
      ]
    }
    if ["admin", "owner", "super_admin"].contains(call.caller?.role ?? "") {
      members += try await all("Invitation").filter { Self.isPending($0, call.now) }.map(Self.pending)
    }
    return .value(["members": .list(members)])
  }

  private static func isPending(_ invitation: StoredObject, _ now: Timestamp) -> Bool {
    for name in ["acceptedAt", "revokedAt", "declinedAt"] where !(invitation.spec[name] ?? .null).isNull { return false }
    if let status = invitation.spec["status"]?.string, status != "pending" { return false }
    return invitation.spec["expiresAt"]?.string.flatMap { Timestamp($0) }.map { $0 > now } ?? true
  }

  private static func pending(_ invitation: StoredObject) -> Value {
    [
      "userId": .string(""), "email": invitation.spec["email"] ?? "", "role": invitation.spec["role"] ?? "user",
      "status": "pending",
      "joinedAt": nil, "invitedAt": .string(invitation.created.description), "expiresAt": invitation.spec["expiresAt"] ?? .null,
      "invitedBy": invitation.spec["invitedBy"] ?? invitation.spec["createdBy"] ?? .null,
      "invitationId": .string(invitation.uid.description),
    ]
  }
}
