// `accounts.openid-start`, `accounts.openid-callback`: signing in at a provider such as Google, with a browser that comes back.
import Core
import Identity
import Kinds
import Ports

/// What is configured of a provider, read at each call: so it may change while the server runs.
struct ProviderSettings {
  static let notConfigured = Problem(.refused, code: "not_configured", "Signing in with this provider is not configured.")
  static let cookie = "plumb_login"

  let provider: OpenIDProvider
  /// Of the front end, which gets the tokens.
  let front: String
  /// Of this server, as browsers see it.
  let own: String

  /// - Parameter call: its `with` names the provider, and the path of the callback.
  static func read(_ call: OperationCall, _ parts: AccountDesk.Parts, _ ports: OperationPorts) async throws -> ProviderSettings {
    let name = call.with["provider"]?.string ?? "google"
    let set = try await Settings.read(
      ["\(name).clientId", "\(name).clientSecret", "\(name).base", "app.url", "app.apiUrl"], ports)
    guard let id = set["\(name).clientId"], let secret = set["\(name).clientSecret"] else { throw notConfigured }
    let own = set["app.apiUrl"] ?? parts.url()
    let redirect = own + (call.with["callback"]?.string ?? "")
    return ProviderSettings(
      provider: .google(clientID: id, clientSecret: secret, redirectURL: redirect, base: set["\(name).base"]),
      front: set["app.url"] ?? own, own: own)
  }

  /// Only this browser, only to this server, gone with the login.
  func cookie(_ value: String, life: Int) -> (name: String, value: String) {
    let secure = own.hasPrefix("https://") ? "; Secure" : ""
    return ("Set-Cookie", "\(Self.cookie)=\(value); Path=/; Max-Age=\(life); HttpOnly; SameSite=Lax\(secure)")
  }
}

struct OpenIDStartHandler: DeskHandler {
  let name = "accounts.openid-start"
  let desk: AccountDesk

  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    let parts = try desk.parts()
    let settings = try await ProviderSettings.read(call, parts, ports)
    let start = try await login(parts).begin(settings.provider)
    var reply = OperationReply.redirect(to: start.url, status: 307)
    reply.headers.append(settings.cookie(start.binding, life: Int(OneTimeTokens.Purpose.federation.life.inSeconds)))
    return reply
  }

  func login(_ parts: AccountDesk.Parts) -> OpenIDLogin {
    OpenIDLogin(tokens: parts.kit.tokens, http: parts.federation, keys: parts.providerKeys, clock: parts.kit.clock)
  }
}

struct OpenIDCallbackHandler: DeskHandler {
  let name = "accounts.openid-callback"
  let desk: AccountDesk

  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    let parts = try desk.parts()
    let settings = try await ProviderSettings.read(call, parts, ports)
    let binding = Self.cookie(ProviderSettings.cookie, in: call)
    let target = settings.front + "/auth/callback#"
    do {
      let person = try await OpenIDStartHandler(desk: desk).login(parts).finish(
        settings.provider, state: call.query["state"] ?? "", code: call.query["code"] ?? "", binding: binding)
      let account = try await FederatedAccounts(parts: parts, ports: ports).account(of: person)
      let result = try await SignIn(parts: parts, ports: ports, call: call).result(account, method: person.provider)
      let fragment = FormText.encode([
        ("access_token", result["access"].string ?? ""), ("refresh_token", result["refresh"].string ?? ""),
      ])
      return reply(target + fragment, settings)
    } catch let problem as Problem where problem.code != "not_configured" && problem.category != .failure {
      // The browser is a person's: the front end says what happened.
      return reply(target + FormText.encode([("error", problem.code), ("error_description", problem.message)]), settings)
    }
  }

  private func reply(_ url: String, _ settings: ProviderSettings) -> OperationReply {
    var reply = OperationReply.redirect(to: url, status: 307)
    reply.headers.append(settings.cookie("", life: 0))
    reply.headers.append(("Cache-Control", "no-store"))
    return reply
  }

  static func cookie(_ name: String, in call: OperationCall) -> String? {
    for header in call.headers where header.name.lowercased() == "cookie" {
      for pair in header.value.split(separator: ";") {
        let parts = pair.split(separator: "=", maxSplits: 1)
        if parts.count == 2, String(parts[0]).trimmed == name { return String(parts[1]).trimmed }
      }
    }
    return nil
  }
}

/// The account of somebody who signed in elsewhere: known, linked by the address, or new.
struct FederatedAccounts: Sendable {
  let parts: AccountDesk.Parts
  let ports: OperationPorts
  private static let attempts = 3

  func account(of person: FederatedPerson) async throws -> StoredObject {
    guard person.emailVerified else {
      throw Problem(.unauthenticated, code: "address_not_verified", "The provider has not verified your address.")
    }
    let reads = AccountReads(ports)
    let email = AccountReads.normal(person.email)
    let link: Value = ["provider": .string(person.provider), "subject": .string(person.subject)]
    guard let account = try await reads.account(email: email) else { return try await make(person, email, link) }
    guard AccountReads.isActive(account) else {
      throw Problem(.unauthenticated, code: "not_active", "The account is not active.")
    }
    let links = account.spec["identities"]?.list ?? []
    if let known = links.first(where: { $0["provider"].string == person.provider }) {
      guard known["subject"].string == person.subject else {
        throw Problem(.unauthenticated, code: "other_identity", "This address belongs to another account of the provider.")
      }
      return account
    }
    var fields: ObjectMap = ["identities": .list(links + [link])]
    if account.spec["emailVerified"] != true {
      // Whoever registered this address had not shown that it is his: his password and sessions must not outlive this.
      fields["emailVerified"] = true
      fields["password"] = .null
      try await parts.kit.sessions.endAll(of: account.uid)
      parts.forget(account.uid)
    }
    let made = try await ports.writes.write([AccountWrites.patch(account.uid, fields, expecting: account.version)])
    return made.objects[0] ?? account
  }

  private func make(_ person: FederatedPerson, _ email: String, _ link: Value) async throws -> StoredObject {
    let title = (person.name ?? String(email.prefix { $0 != "@" })).trimmed
    for attempt in 1...Self.attempts {
      let (account, tenant) = (ports.newUID(for: "Account"), ports.newUID(for: "Tenant"))
      let team = TeamName.title(for: title)
      let slug = try await TeamName.free(team, isLast: attempt > 1, reads: ports.reads)
      do {
        let made = try await ports.writes.write([
          Intent(
            .create, .new(tenant: .rootTenant, kind: "Account"),
            fields: [
              "email": .string(email), "title": .string(String(title.prefix(200))), "emailVerified": true,
              "identities": .list([link]),
            ], newUID: account),
          Intent(
            .create, .new(tenant: .rootTenant, kind: "Tenant"), fields: ["name": .string(slug), "title": .string(team)],
            newUID: tenant),
          AccountWrites.join(tenant, account: account, email: email, title: .string(title), role: "owner"),
        ])
        if let object = made.objects[0] { return object }
      } catch let problems as Problems where problems.category == .conflict && attempt < Self.attempts {
        if let found = try await AccountReads(ports).account(email: email) { return found }
      }
    }
    throw Problem(.conflict, code: "busy", "The account could not be made.", fix: "Try again.")
  }
}
