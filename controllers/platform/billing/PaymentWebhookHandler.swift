// `billing.webhook`: takes an event of the payment provider, once its signature is good, and leaves the rest to its controller.
import Core
import Kinds
import Ports

struct PaymentWebhookHandler: OperationHandler {
  let name = "billing.webhook"
  static let secret = "stripe.webhookSecret"

  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    let refused = Problem(.invalid, code: "bad_signature", "The signature of this event is not valid.")
    guard let secret = try await Settings(ports).secret(Self.secret), let header = call.header("Stripe-Signature"),
      StripeSignature.isGood(header, body: call.rawBody, secret: secret, now: call.now)
    else { throw refused }
    guard let event = try? JSON.parse(call.rawBody), let id = event["id"].string, let type = event["type"].string, !id.isEmpty,
      id.utf8.count <= 255
    else { throw Problem(.invalid, code: "bad_event", "The body is no event of the payment provider.") }
    let received = OperationReply.value(["received": true])
    let object = event["data"]["object"]
    guard PaymentEventController.lookup(type) != nil, let about = object["id"].string else { return received }
    var fields: ObjectMap = ["eventId": .string(id), "type": .string(type), "object": .string(String(about.prefix(255)))]
    for name in ["customer", "mode"] { if let text = object[name].string { fields[name] = .string(String(text.prefix(255))) } }
    let metadata = object["metadata"].object?.isEmpty ?? true ? object["subscription_details"]["metadata"] : object["metadata"]
    if let tenant = metadata["tenant"].string.flatMap({ UID($0) }) { fields["tenant"] = .string(tenant.description) }
    let states = [object["payment_status"].string, object["status"].string]
    fields["paid"] = .bool(object["paid"] == true || states.contains("paid") || states.contains("no_payment_required"))
    for name in ["amount_paid", "amount_total", "amount_due"] {
      if fields["amountCents"] == nil, let amount = object[name].int { fields["amountCents"] = .int(amount) }
    }
    if let currency = object["currency"].string { fields["currency"] = .string(String(currency.lowercased().prefix(10))) }
    if let seconds = event["created"].int, abs(seconds) < 1 << 40 {
      fields["occurredAt"] = .string(Timestamp(microseconds: seconds * 1_000_000).description)
    }
    do {
      _ = try await ports.writes.write([Intent(.create, .new(tenant: .rootTenant, kind: "PaymentEvent"), fields: fields)])
    } catch let problems as Problems where problems.category == .conflict {
      // Told before: the provider need not tell it again.
    }
    return received
  }
}

/// Configuration variables of the installation, for handlers.
struct Settings {
  private let ports: OperationPorts
  init(_ ports: OperationPorts) { self.ports = ports }

  private func variable(_ name: String) async throws -> StoredObject? {
    try await ports.reads.objects(named: [ObjectKey(tenant: .rootTenant, kind: "ConfigVariable", name: name)]).first {
      !$0.deleted
    }
  }

  /// Nil when it is not set, or empty.
  func text(_ name: String) async throws -> String? {
    let text = try await variable(name)?.spec["value"]?.string
    return text.flatMap { $0.isEmpty ? nil : $0 }
  }

  func secret(_ name: String) async throws -> String? {
    guard let sealed = try await variable(name)?.spec["secretValue"]?["$sealed"].string else { return nil }
    let plain = try ports.sealing.open(sealed, context: "ConfigVariable.secretValue")
    return plain.isEmpty ? nil : plain
  }

  /// Whether there is a payment provider to talk to.
  func hasProvider() async throws -> Bool { try await secret("stripe.secretKey") != nil }
}
