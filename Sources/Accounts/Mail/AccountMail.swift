// A mail to a person as an intent: written in the same transaction as what it tells of, sent by the controller of OutgoingMail.
import Core
import Kinds
import Ports

struct AccountMail: Sendable {
  let parts: AccountDesk.Parts
  let ports: OperationPorts
  let call: OperationCall

  /// - Parameter path: of the front end, for `link`; the token is added.
  func intent(_ template: String, to address: String, language: String?, token: String, path: String, _ values: [String: String])
    async throws -> Intent
  {
    let settings = try await Settings.read(["app.url", "app.name"], ports)
    var values = values
    values["app"] = settings["app.name"] ?? "Plumb"
    values["token"] = token
    values["link"] = (settings["app.url"] ?? parts.url()) + path + (path.contains("?") ? "&" : "?") + "token=" + token
    let languages = (language.map { [$0] } ?? []) + MailTemplates.languages(call.header("Accept-Language"))
    let mail = try parts.templates.render(template, languages: languages, values)
    return Intent(
      .create, .new(tenant: .rootTenant, kind: "OutgoingMail"),
      fields: [
        "to": .string(address), "template": .string(template), "subject": .string(String(mail.subject.prefix(500))),
        "text": .string(mail.text),
      ])
  }
}

extension AccountMail {
  /// The same as a text message. Templates are those of mails, without their subjects.
  func text(_ template: String, to phone: String, language: String?, token: String) async throws -> Intent {
    let settings = try await Settings.read(["app.name"], ports)
    let languages = (language.map { [$0] } ?? []) + MailTemplates.languages(call.header("Accept-Language"))
    let message = try parts.templates.render(
      template, languages: languages, ["app": settings["app.name"] ?? "Plumb", "token": token])
    return Intent(
      .create, .new(tenant: .rootTenant, kind: "OutgoingText"),
      fields: ["to": .string(phone), "template": .string(template), "text": .string(message.text.trimmed)])
  }
}

/// Values of configuration variables.
enum Settings {
  /// What is set, by name; secret ones opened. One statement.
  static func read(_ names: [String], _ ports: OperationPorts) async throws -> [String: String] {
    guard ports.catalog.kind("ConfigVariable") != nil else { return [:] }
    return try await read(names, reads: ports.reads, sealing: ports.sealing)
  }

  static func read(_ names: [String], reads: any ReadPort, sealing: any SecretSealing) async throws -> [String: String] {
    let keys = names.map { ObjectKey(tenant: .rootTenant, kind: "ConfigVariable", name: $0) }
    var found: [String: String] = [:]
    for object in try await reads.objects(named: keys) where !object.deleted {
      if let sealed = object.spec["secretValue"]?["$sealed"].string {
        found[object.name] = try sealing.open(sealed, context: "ConfigVariable.secretValue")
      } else if let text = object.spec["value"]?.string, !text.isEmpty {
        found[object.name] = text
      }
    }
    return found
  }
}
