// How the gateway of text messages is reached: read from configuration variables at each message, so that a change holds at once.
import Core
import Ports
import TextMessages

struct TextConfiguration: Sendable {
  let store: any StorePort
  let sealing: any SecretSealing

  /// `sms.url`, `sms.token` and `sms.sender`; nil without the first two.
  func read() async throws -> TextGateway? {
    let names = ["sms.url", "sms.token", "sms.sender"]
    let found = try await store.objects(named: names.map { ObjectKey(tenant: .rootTenant, kind: "ConfigVariable", name: $0) })
    func variable(_ name: String) throws -> String? {
      guard let object = found.first(where: { $0.name == name && !$0.deleted }) else { return nil }
      let text =
        try object.spec["secretValue"]?["$sealed"].string.map { try sealing.open($0, context: "ConfigVariable.secretValue") }
        ?? object.spec["value"]?.string
      return text?.isEmpty == false ? text : nil
    }
    guard var base = try variable(names[0]), let token = try variable(names[1]) else { return nil }
    while base.hasSuffix("/") { base.removeLast() }
    return TextGateway(base: base, token: token, sender: try variable(names[2]))
  }
}
