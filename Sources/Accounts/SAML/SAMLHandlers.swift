// `accounts.saml-start`, `accounts.saml-consume`, `accounts.saml-metadata`: signing in at a tenant's SAML identity provider.
import Core
import Identity
import Kinds
import Ports

/// A tenant's provider, and ourselves as its service provider. The route's `with` names the `provider`, the path of the `consumer`
/// service and, where it is not the consumer's address, our `entity`.
struct SAMLConnection: Sendable {
  private static let kind = "SAMLProvider"

  let settings: SAMLSettings
  let name: String
  let realm: AccountRealm
  /// Of the front end, which gets the tokens.
  let front: String

  /// Throws `not_found` for unknown and inactive ones.
  static func read(_ call: OperationCall, _ parts: AccountDesk.Parts, _ ports: OperationPorts) async throws -> SAMLConnection {
    let realm = AccountRealm(call)
    let key = ObjectKey(tenant: call.tenant, kind: kind, name: call.with["provider"]?.string ?? "")
    guard let object = try await ports.reads.objects(named: [key]).first, !object.deleted, object.deleting == nil,
      object.spec["active"] != false, object.spec["realm"]?.string == realm.name,
      // Whoever signs staff in speaks for the whole installation.
      !realm.isStaff || call.tenant == .rootTenant
    else { throw AccountProblem.missing("identity provider") }
    let set = try await Settings.read(["app.url", "app.apiUrl"], ports)
    let own = set["app.apiUrl"] ?? parts.url()
    let consumer = own + (call.with["consumer"]?.string ?? "")
    return SAMLConnection(
      settings: SAMLSettings(
        provider: object.spec["entity"]?.string ?? "", loginURL: object.spec["loginUrl"]?.string ?? "",
        certificate: object.spec["certificate"]?.string ?? "", entity: call.with["entity"]?.string ?? consumer,
        consumerURL: consumer), name: object.name, realm: realm, front: set["app.url"] ?? own)
  }

  static func login(_ parts: AccountDesk.Parts) -> SAMLLogin {
    SAMLLogin(tokens: parts.kit.tokens, store: parts.kit.store, signatures: parts.signatures, clock: parts.kit.clock)
  }
}

struct SAMLStartHandler: DeskHandler {
  let name = "accounts.saml-start"
  let desk: AccountDesk

  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    let parts = try desk.parts()
    let connection = try await SAMLConnection.read(call, parts, ports)
    return .redirect(to: try await SAMLConnection.login(parts).begin(connection.settings))
  }
}

struct SAMLConsumeHandler: DeskHandler {
  let name = "accounts.saml-consume"
  let desk: AccountDesk

  /// Sends the browser to the front end, with tokens or what went wrong in the fragment.
  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    let parts = try desk.parts()
    let connection = try await SAMLConnection.read(call, parts, ports)
    let target = FrontEnd(url: connection.front, path: call.with["path"]?.string)
    do {
      // As the binding writes it: a form with names of its own.
      let form = FormText.decode(call.rawBody) ?? [:]
      var person = try await SAMLConnection.login(parts).finish(
        connection.settings, response: form["SAMLResponse"] ?? "", relay: form["RelayState"] ?? "")
      person.provider = "saml:\(connection.name)"
      let account = try await FederatedAccounts(parts: parts, ports: ports, realm: connection.realm).account(of: person)
      let result = try await SignIn(parts: parts, ports: ports, call: call).finish(account, method: "saml")
      return target.reply(result, status: 303)
    } catch let problem as Problem where problem.category != .failure {
      try await AccountWrites.note(
        "user.sign_in_failed", "A SAML sign-in was refused (\(problem.code))", severity: .medium, account: nil, call: call,
        ports: ports)
      return target.reply(problem, status: 303)
    }
  }
}

struct SAMLMetadataHandler: DeskHandler {
  let name = "accounts.saml-metadata"
  let desk: AccountDesk

  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    let connection = try await SAMLConnection.read(call, try desk.parts(), ports)
    return OperationReply(
      .bytes(Array(SAMLLogin.metadata(connection.settings).utf8), type: "application/samlmetadata+xml"))
  }
}
