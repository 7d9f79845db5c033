// Mails invitations that were stated in manifests: service `invitations`.
import Core
import Identity
import Kinds
import Ports

/// Step `mail` (keyed) {email, invitedBy?} of an Invitation → `{}`: a token is made, and the mail with it is written as an OutgoingMail. A
/// step that is taken twice mails twice; each of the two tokens is good, and one acceptance ends the invitation.
public struct InvitationService: ServicePort {
  public let name = "invitations"

  private let desk: AccountDesk
  private let reads: any ReadPort
  private let sealing: any SecretSealing

  public init(desk: AccountDesk, reads: any ReadPort, sealing: any SecretSealing) {
    self.desk = desk
    self.reads = reads
    self.sealing = sealing
  }

  public func observe(_ metadata: ObjectMetadata, operation: String, arguments: Value) async throws -> Value {
    throw Problem(.failure, code: "unknown_operation", "invitations cannot be observed")
  }

  public func perform(_ step: Step, key: String, metadata: ObjectMetadata) async -> StepReply {
    do {
      guard step.operation == "mail" else {
        throw Problem(.failure, code: "unknown_operation", "invitations cannot \(step.operation)")
      }
      try await mail(step.arguments, metadata)
      return StepReply(step: step.name, outcome: .done, value: .emptyObject)
    } catch {
      let problem = error as? Problem
      return StepReply(
        step: step.name, outcome: .failed,
        value: ["error": ["code": .string(problem?.code ?? "failed"), "message": .string(problem?.message ?? "\(error)")]])
    }
  }

  private func mail(_ arguments: Value, _ invitation: ObjectMetadata) async throws {
    let parts = try desk.parts()
    let email = AccountReads.normal(arguments["email"].string ?? "")
    let account = try await AccountReads(reads).account(email: email)
    let tenant = try await reads.objects(tenant: .rootTenant, uids: [invitation.tenant]).first
    let title = tenant?.spec["title"]?.string ?? tenant?.name ?? ""
    let settings = try await Settings.read(["app.url", "app.name"], reads: reads, sealing: sealing)
    let token = try await parts.kit.tokens.make(
      Invitation.purpose, ["tenant": .string(invitation.tenant.description), "invitation": .string(invitation.uid.description)])
    let path = account == nil ? "/signup?email=\(FormText.escape(email))&token=" : "/accept-invitation?token="
    let template = account == nil ? "invitation-signup" : "invitation"
    let mail = try parts.templates.render(
      template, languages: account?.spec["language"]?.string.map { [$0] } ?? [],
      [
        "app": settings["app.name"] ?? "Plumb", "inviter": arguments["invitedBy"].string ?? title, "tenant": title,
        "token": token,
        "link": (settings["app.url"] ?? parts.url()) + path + token,
      ])
    try await parts.write([
      Intent(
        .create, .new(tenant: .rootTenant, kind: "OutgoingMail"),
        fields: [
          "to": .string(email), "template": .string(template), "subject": .string(String(mail.subject.prefix(500))),
          "text": .string(mail.text),
        ])
    ])
  }
}
