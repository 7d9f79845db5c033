// How the payment provider is reached: read from configuration variables at each call, so that a change holds at once.
import Core
import Payments
import Ports

struct PaymentConfiguration: Sendable {
  static let standardBase = "https://api.stripe.com"
  let store: any StorePort
  let sealing: any SecretSealing

  /// Nil without a secret key.
  func read() async throws -> PaymentSettings? {
    let names = ["stripe.secretKey", "stripe.apiBase"]
    let found = try await store.objects(named: names.map { ObjectKey(tenant: .rootTenant, kind: "ConfigVariable", name: $0) })
    func variable(_ name: String) -> StoredObject? { found.first { $0.name == name && !$0.deleted } }
    guard let sealed = variable(names[0])?.spec["secretValue"]?["$sealed"].string else { return nil }
    let key = try sealing.open(sealed, context: "ConfigVariable.secretValue")
    if key.isEmpty { return nil }
    var base = variable(names[1])?.spec["value"]?.string ?? ""
    while base.hasSuffix("/") { base.removeLast() }
    return PaymentSettings(secretKey: key, base: base.isEmpty ? Self.standardBase : base)
  }
}
