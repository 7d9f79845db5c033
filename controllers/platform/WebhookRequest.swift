// What is sent to a webhook: the payload, its signature, and the headers that name the delivery. See docs/WEBHOOKS.md.
import Core
import Crypto
import Kinds

/// One delivery. The same change gives the same id and payload at every attempt.
struct WebhookRequest {
  static let timeoutSeconds = 10
  private static let mostBody = 4096
  private static let agent = "plumb-webhook/1"

  let id: String
  let event: String
  let payload: String

  /// From an item of the change feed.
  init(webhook: UID, tenant: UID, item: Value) {
    let position = item["position"].int ?? 0
    event = item["event"].string ?? ""
    id = Self.identifier("\(webhook)/\(position)/\(item["uid"].string ?? "")/\(event)")
    payload = JSON.text([
      "id": .string(id), "type": .string(event), "createdAt": item["at"], "tenantId": .string(tenant.description),
      "data": [
        "object": item["object"].isNull ? ["id": item["uid"], "name": item["name"], "kind": item["kind"]] : item["object"]
      ],
    ])
  }

  /// Made by hand.
  init(id: String, event: String, payload: String) {
    self.id = id
    self.event = event
    self.payload = payload
  }

  /// An id of UUID form that depends only on `text`.
  static func identifier(_ text: String) -> String {
    UID(high: StableHash.of("high/" + text), low: StableHash.of("low/" + text)).description
  }

  static func sign(_ payload: String, secret: String) -> String {
    Hex.encode(Digest.hmacSHA256(key: Array(secret.utf8), Array(payload.utf8)))
  }

  /// For so long after a rotation deliveries are signed with the old secret too.
  static let grace = Duration.seconds(24 * 3600)

  /// The secret before the last rotation, while receivers may not have heard of the new one. `spec`: of the webhook.
  static func previous(_ spec: Value, now: Timestamp) -> String? {
    guard let rotated = spec["secretRotatedAt"].timestamp, now - rotated < grace else { return nil }
    return spec["previousSecret"].string
  }

  func step(named name: String, url: String, secret: String, previous: String?, now: Timestamp, test: Bool = false) -> Step {
    var headers: ObjectMap = [
      "Content-Type": "application/json", "User-Agent": .string(Self.agent), "X-Webhook-Event": .string(event),
      "X-Webhook-Delivery": .string(id),
      "X-Webhook-Timestamp": .string(now.description), "X-Webhook-Signature": .string(Self.sign(payload, secret: secret)),
    ]
    if test { headers["X-Webhook-Test"] = "true" }
    if let previous { headers["X-Webhook-Signature-Previous"] = .string(Self.sign(payload, secret: previous)) }
    return Step(
      name: name, service: "http", operation: "post",
      arguments: [
        "url": .string(url), "headers": .object(headers), "body": .string(payload), "echo": true,
        "timeoutSeconds": .int(Self.timeoutSeconds),
      ],
      kind: .idempotent, deadline: .seconds(Double(Self.timeoutSeconds + 5)))
  }

  /// The row of record kind WebhookDelivery for one attempt. The service echoes what it sent, since the object may have
  /// changed meanwhile.
  func record(webhook: UID, attempt: Int, reply: StepReply, test: Bool = false) -> (kind: String, row: ObjectMap) {
    let status = reply.value["status"].int
    return (
      "WebhookDelivery",
      [
        "webhook": .string(webhook.description), "deliveryId": .string(id), "eventType": .string(event),
        "payload": .string(reply.value["sent"].string ?? payload),
        "responseCode": Value(status), "responseBody": Value(Self.start(reply.value["body"].string)),
        "success": .bool(reply.outcome == .done),
        "durationMs": reply.value["durationMs"], "attempt": .int(attempt), "error": Value(Self.failure(reply)),
        "test": .bool(test),
      ]
    )
  }

  /// At most 4 KiB of an answer, cut between characters.
  static func start(_ body: String?) -> String? {
    guard let body, body.utf8.count > mostBody else { return body }
    var cut = body.utf8.index(body.startIndex, offsetBy: mostBody)
    while cut > body.startIndex, String.Index(cut, within: body) == nil { cut = body.utf8.index(before: cut) }
    return String(body[..<cut])
  }

  /// What went wrong, in plain words; nil when nothing did.
  static func failure(_ reply: StepReply) -> String? {
    switch reply.outcome {
    case .done: nil
    case .unknown: reply.value["error"]["message"].string ?? "the answer was lost"
    case .failed:
      reply.value["error"]["message"].string ?? reply.value["status"].int.map { "the answer was status \($0)" } ?? "it failed"
    }
  }
}
