// What a notification channel is sent: one message in the form that each kind of channel takes.
import Core
import Crypto
import Kinds

struct ChannelMessage {
  /// Where PagerDuty takes events, unless the channel has a `url`.
  static let pagerDuty = "https://events.pagerduty.com/v2/enqueue"
  private static let timeoutSeconds = 10

  /// `alert.firing`, `alert.resolved`, `notification.test`
  var type: String
  var title: String
  var text: String
  var severity: String
  /// The same for the firing and its end.
  var dedupe: String
  var data: ObjectMap
  var at: Timestamp

  /// The step that sends it, or why the channel cannot take it. `spec` is the channel's, with its secrets opened.
  func step(named name: String, to spec: Value) -> Result<Step, Problem> {
    let url = spec["url"].string
    switch spec["type"].string {
    case "email":
      let addresses = spec["email"].list ?? (spec["email"].string.map { [.string($0)] } ?? [])
      guard !addresses.isEmpty else { return .failure(incomplete("has no address in `email`")) }
      return .success(
        Step(
          name: name, service: "mail", operation: "send",
          arguments: [
            "to": .list(addresses), "subject": .string(title), "text": .string(text + "\n"), "id": .string("\(dedupe)-\(type)"),
          ],
          kind: .keyed, deadline: .seconds(30)))
    case "slack": return post(name, url, ["text": .string("*\(title)*\n\(text)")])
    case "discord": return post(name, url, ["content": .string("**\(title)**\n\(text)")])
    case "pagerduty":
      guard let key = spec["routingKey"].string else { return .failure(incomplete("has no `routingKey`")) }
      return post(
        name, url ?? Self.pagerDuty,
        [
          "routing_key": .string(key), "event_action": .string(type == "alert.resolved" ? "resolve" : "trigger"),
          "dedup_key": .string(dedupe),
          "payload": [
            "summary": .string(title), "source": "plumb", "severity": .string(severity), "timestamp": .string(at.description),
            "custom_details": .object(data),
          ],
        ])
    case "webhook":
      let body: Value = [
        "type": .string(type), "title": .string(title), "text": .string(text), "severity": .string(severity),
        "at": .string(at.description),
        "data": .object(data),
      ]
      return post(name, url, body, secret: spec["secret"].string)
    default: return .failure(incomplete("is of no known type"))
    }
  }

  private func post(_ name: String, _ url: String?, _ body: Value, secret: String? = nil) -> Result<Step, Problem> {
    guard let url else { return .failure(incomplete("has no `url`")) }
    let payload = JSON.text(body)
    var headers: ObjectMap = ["Content-Type": "application/json", "User-Agent": "plumb-notify/1"]
    if let secret { headers["X-Webhook-Signature"] = .string(WebhookRequest.sign(payload, secret: secret)) }
    return .success(
      Step(
        name: name, service: "http", operation: "post",
        arguments: [
          "url": .string(url), "headers": .object(headers), "body": .string(payload), "timeoutSeconds": .int(Self.timeoutSeconds),
        ],
        kind: .keyed, deadline: .seconds(Double(Self.timeoutSeconds + 5)), sensitive: true))
  }

  private func incomplete(_ what: String) -> Problem { Problem(.invalid, code: "channel_incomplete", "the channel \(what)") }
}
