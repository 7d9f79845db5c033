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
    let target = FrontEnd(url: settings.front, path: call.with["path"]?.string)
    do {
      // The person said no, or the provider did.
      if let refusal = call.query["error"] {
        throw Problem(
          .unauthenticated, code: refusal == "access_denied" ? "access_denied" : "provider_refused",
          "The provider did not confirm the login.", fix: "Begin again.")
      }
      let person = try await OpenIDStartHandler(desk: desk).login(parts).finish(
        settings.provider, state: call.query["state"] ?? "", code: call.query["code"] ?? "", binding: binding)
      let account = try await FederatedAccounts(parts: parts, ports: ports, realm: AccountRealm(call)).account(of: person)
      let result = try await SignIn(parts: parts, ports: ports, call: call).finish(account, method: person.provider)
      return forgetting(target.reply(result, status: 307), settings)
    } catch let problem as Problem where problem.code != "not_configured" && problem.category != .failure {
      // The browser is a person's: the front end says what happened.
      try await AccountWrites.note(
        "user.sign_in_failed", "A sign-in elsewhere was refused (\(problem.code))", severity: .medium, account: nil, call: call,
        ports: ports)
      return forgetting(target.reply(problem, status: 307), settings)
    }
  }

  /// The cookie of the login goes with it.
  private func forgetting(_ reply: OperationReply, _ settings: ProviderSettings) -> OperationReply {
    var reply = reply
    reply.headers.append(settings.cookie("", life: 0))
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
