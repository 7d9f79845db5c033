// GET people/WHO: what is stored about a person. DELETE people/WHO: that it be forgotten.
import Core
import HTTPServer
import Identity
import Kinds
import Ports

extension NativeHandler {
  /// Owners of the root tenant about everybody, and everybody about himself (`me`).
  func person(_ request: NativeRequest) async throws -> HTTPResponse {
    let who = request.path[1]
    if let own = request.caller.account, who == "me" || who == own.description {
      guard let account = try await account(own.description) else { throw Self.nobody }
      return NativeAnswer.json(try await PersonFile(store: store, catalog: catalog).read(account))
    }
    try mayKeepPeople(request, "read")
    guard let account = try await account(who) else { throw Self.nobody }
    return NativeAnswer.json(try await PersonFile(store: store, catalog: catalog).read(account))
  }

  /// `confirm` repeats the address: there is no way back.
  func erasePerson(_ request: NativeRequest) async throws -> HTTPResponse {
    try mayKeepPeople(request, "write")
    let account = try await account(request.path[1])
    let email = account?.spec["email"]?.string ?? request.path[1].lowercased()
    let erasure = PersonErasure(store: store, writer: writer, catalog: catalog, clock: clock)
    if let account {
      let obstacles = try await erasure.obstacles(account)
      guard obstacles.isEmpty else { throw Problems(obstacles) }
      guard request.query("confirm")?.lowercased() == email else {
        throw Problem(
          .refused, code: "confirmation_needed",
          "Erasing \(email) takes the account and all that is its own, and cannot be undone.",
          object: "Account/\(account.name)", fix: "Repeat the address: --confirm \(email)")
      }
    }
    let origin = Origin(manager: .api, actor: request.caller.actor, action: "person.erase", user: request.caller.user)
    return NativeAnswer.json(try await erasure.erase(account, email: email, origin: origin))
  }

  private static let nobody = Problem(.missing, code: "not_found", "There is no such person.", fix: "plumb get Account")

  private func mayKeepPeople(_ request: NativeRequest, _ scope: String) throws {
    let caller = request.caller
    guard caller.isRoot, caller.role == "owner", caller.scopes.contains("*") || caller.scopes.contains(scope) else {
      throw Problem(.denied, code: "denied", "Only owners of the root tenant keep people's data.")
    }
  }

  /// By uid, by name, or a member of staff by his address.
  private func account(_ who: String) async throws -> StoredObject? {
    var found: StoredObject?
    if let uid = UID(who) ?? UID(objectID: who) {
      found = try await store.objects(tenant: .rootTenant, uids: [uid]).first { $0.kind == "Account" }
    } else if who.contains("@") {
      let query = ObjectQuery(
        tenant: .rootTenant, kind: "Account",
        predicate: .all([
          .compare(.spec(["email"]), .equal, .string(who.lowercased())), .compare(.spec(["directory"]), .equal, "staff"),
        ]), limit: 1)
      found = try await store.list(query).objects.first
    } else {
      found = try await store.objects(named: [ObjectKey(tenant: .rootTenant, kind: "Account", name: who)]).first
    }
    return found.flatMap { $0.deleted || $0.deleting != nil ? nil : $0 }
  }
}
