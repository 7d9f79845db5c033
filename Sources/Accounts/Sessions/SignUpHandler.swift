// `accounts.register`: an account, a tenant of its own, and, with an invitation, a membership in the inviting tenant. All or nothing.
import Core
import Identity
import Kinds
import Ports

struct SignUpHandler: DeskHandler {
  let name = "accounts.register"
  let desk: AccountDesk
  /// Tries to find a free short name for the tenant.
  private static let attempts = 4

  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    let parts = try desk.parts()
    let reads = AccountReads(ports)
    let realm = AccountRealm(call)
    let email = AccountReads.normal(call.args["email"]?.string ?? "")
    let title = (call.args["displayName"]?.string ?? "").trimmed
    let password = call.args["password"]?.string ?? ""
    var problems = parts.kit.policy.faults(password, personal: [email, title])
    if title.isEmpty { problems.append(AccountProblem.invalid("missing_field", "A name to show is required.", "/displayName")) }
    guard problems.isEmpty else { throw Problems(problems) }
    var invitation: Invitation?
    if realm.isStaff, let token = call.args["invitationToken"]?.string, !token.isEmpty {
      invitation = try await Invitation.find(token, parts, ports)
      guard let invitation, invitation.email == email else { throw AccountProblem.badToken }
    }
    guard try await reads.account(email: email, directory: realm.directory) == nil else { throw Self.taken }
    let account = ports.newUID(for: "Account")
    let token = try await parts.kit.tokens.make(.verifyEmail, ["account": .string(account.description), "email": .string(email)])
    let mail = try await AccountMail(parts: parts, ports: ports, call: call).intent(
      "verify-email", to: email, language: nil, token: token, path: "/verify-email", ["name": title])
    var person: ObjectMap = [
      "email": .string(email), "title": .string(title), "password": .string(password),
      // The invitation came to this address.
      "emailVerified": .bool(invitation != nil),
    ]
    for (field, value) in realm.fields { person[field] = value }
    if !realm.isStaff {
      let intents = [Intent(.create, .new(tenant: .rootTenant, kind: "Account"), fields: person, newUID: account), mail]
      guard let object = try await ports.writes.write(intents).objects[0] else { throw AccountProblem.missing("account") }
      return .value(try await SignIn(parts: parts, ports: ports, call: call).result(object, method: "password"))
    }
    for attempt in 1...Self.attempts {
      let tenant = ports.newUID(for: "Tenant")
      let team = TeamName.title(for: title)
      let slug = try await TeamName.free(team, isLast: attempt > 1, reads: ports.reads)
      var intents = [
        Intent(
          .create, .new(tenant: .rootTenant, kind: "Tenant"), fields: ["name": .string(slug), "title": .string(team)],
          newUID: tenant),
        Intent(.create, .new(tenant: .rootTenant, kind: "Account"), fields: person, newUID: account),
        AccountWrites.join(tenant, account: account, email: email, title: .string(title), role: "owner"),
      ]
      if invitation == nil { intents.append(mail) }
      if let invitation { intents += invitation.accepted(by: account, title: .string(title)) }
      do {
        let made = try await ports.writes.write(intents)
        if let invitation { try await invitation.use(parts) }
        guard let object = made.objects[1] else { throw AccountProblem.missing("account") }
        return .value(try await SignIn(parts: parts, ports: ports, call: call).result(object, method: "password"))
      } catch let problems as Problems where problems.category == .conflict && attempt < Self.attempts {
        if try await reads.account(email: email) != nil { throw Self.taken }
      }
    }
    throw Self.taken
  }

  private static let taken = Problem(.conflict, code: "conflict", "This address is registered already.", pointer: "/email")
}

/// Names of the tenant that everybody gets at sign-up.
enum TeamName {
  private static let longest = 50
  private static let numbered = 9

  static func title(for person: String) -> String {
    let name = person.prefix(100)
    return name.hasSuffix("s") ? "\(name)' Team" : "\(name)'s Team"
  }

  /// Small letters, digits and dashes.
  static func slug(_ title: String) -> String {
    var out = ""
    for scalar in title.lowercased().unicodeScalars where out.utf8.count < longest {
      if (97...122).contains(scalar.value) || (48...57).contains(scalar.value) {
        out.unicodeScalars.append(scalar)
      } else if scalar != "'" && scalar != "\u{2019}", !out.isEmpty, !out.hasSuffix("-") {
        out += "-"
      }
    }
    while out.hasSuffix("-") { out.removeLast() }
    return out.isEmpty || out == "root" ? "team" : out
  }

  /// The slug, or it with the first free number; one statement. With `isLast`, one that nobody else can have taken meanwhile.
  static func free(_ title: String, isLast: Bool, reads: any ReadPort) async throws -> String {
    let base = slug(title)
    let names = [base] + (2...numbered).map { "\(base)-\($0)" }
    if !isLast {
      let taken = Set(
        try await reads.objects(named: names.map { ObjectKey(tenant: .rootTenant, kind: "Tenant", name: $0) }).map(\.name))
      if let name = names.first(where: { !taken.contains($0) }) { return name }
    }
    return "\(base)-\(randomSuffix())"
  }
}

extension String {
  /// Without white space around it.
  var trimmed: String {
    String(drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
  }
}
