// What every installation has from its first start: the plan Free, and the configuration variables that Plumb reads.
import Core
import Kinds
import Ports
import Reconciling

enum SystemObjects {
  private struct Variable {
    var name: String
    var type = "string"
    var value = ""
    var doc: String
  }

  /// Their names also stand in `isSystem` of specs/platform/ConfigVariable/kind.yaml; a test compares the two.
  private static let variables = [
    Variable(name: "app.name", value: "Plumb", doc: "Name of the application."),
    Variable(name: "app.url", doc: "Address of the application, for links in mails and for people who come back from a payment."),
    Variable(name: "app.copyright", value: "© The operators of this installation", doc: "Shown with the version."),
    Variable(name: "billing.currency", value: "usd", doc: "Currency of all prices, as ISO 4217 names it."),
    Variable(name: "billing.issuer", type: "template", doc: "Name, address and tax number on invoices, a line each."),
    Variable(name: "billing.footer", type: "template", doc: "Last line of invoices."),
    Variable(
      name: "stripe.secretKey", type: "secret", doc: "Secret key of the payment provider; without one there is no provider."),
    Variable(name: "stripe.publishableKey", doc: "Publishable key of the payment provider, for web pages."),
    Variable(name: "stripe.webhookSecret", type: "secret", doc: "Signing secret of the payment provider's webhook."),
    Variable(name: "stripe.apiBase", value: "https://api.stripe.com", doc: "Where the payment provider's API is."),
    Variable(name: "google.clientId", doc: "Client of Google sign-in."),
    Variable(name: "google.clientSecret", type: "secret", doc: "Secret of that client."),
    Variable(name: "app.apiUrl", doc: "Address of this server as browsers see it, for coming back from a sign-in elsewhere."),
    Variable(name: "sms.url", doc: "Gateway of text messages: they are posted to /messages below it."),
    Variable(name: "sms.token", type: "secret", doc: "Bearer token of that gateway."),
    Variable(name: "sms.sender", doc: "Number or name that text messages come from."),
  ]

  static var variableNames: [String] { variables.map(\.name) }

  /// Makes what is missing, and leaves what is there.
  static func run(_ engine: Engine, origin: Origin) async throws {
    var wanted: [(key: ObjectKey, fields: ObjectMap)] = []
    if engine.catalog.kind("ConfigVariable") != nil {
      for variable in variables {
        var fields: ObjectMap = ["type": .string(variable.type), "description": .string(variable.doc)]
        if variable.type != "secret" { fields["value"] = .string(variable.value) }
        wanted.append((ObjectKey(tenant: .rootTenant, kind: "ConfigVariable", name: variable.name), fields))
      }
    }
    if engine.catalog.kind("Plan") != nil {
      wanted.append(
        (
          ObjectKey(tenant: .rootTenant, kind: "Plan", name: "free"),
          ["title": "Free", "description": "For trying things out.", "isSystem": true]
        ))
    }
    let present = Set(
      try await engine.store.objects(named: wanted.map(\.key)).filter { !$0.deleted }.map { "\($0.kind)/\($0.name)" })
    let intents = wanted.filter { !present.contains("\($0.key.kind)/\($0.key.name)") }.map {
      Intent(.create, .key($0.key), fields: $0.fields, writer: .controller)
    }
    if intents.isEmpty { return }
    do { _ = try await engine.write(intents, origin: origin) } catch let problems as Problems where problems.category == .conflict
    {
      // Another replica was first, or a plan of this title was there before.
    }
  }
}
