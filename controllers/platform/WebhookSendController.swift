// WebhookSend: one delivery made by hand: a test, a replay, or another attempt at one that failed.
import Core
import Kinds

public struct WebhookSendController: KindController {
  public let kind = "WebhookSend"
  public init() {}

  public func decide(_ input: ReconcileInput) -> Decision {
    if input.deleting { return Decision(status: input.status, finished: true) }
    if RunStatus.isFinished(input.status) { return Decision(status: input.status) }
    var run = RunStatus(input)
    let uid = input.spec["webhook"]?.string.flatMap { UID($0) }
    guard let uid, let webhook = input.related[uid], let url = webhook["spec"]["url"].string,
      let secret = webhook["spec"]["secret"].string
    else {
      return Decision(status: run.ended("Rejected", "its webhook does not exist, or has no secret"))
    }
    let request = request(input)
    let test = input.spec["test"]?.bool ?? false
    if let reply = input.replies.last(where: { $0.step == "send" }) {
      let failure = WebhookRequest.failure(reply)
      run.result = [
        "statusCode": reply.value["status"], "success": .bool(failure == nil), "durationMs": reply.value["durationMs"],
        "deliveryId": .string(request.id),
        "responseBody": Value(WebhookRequest.start(reply.value["body"].string)), "error": Value(failure),
      ]
      let record = request.record(webhook: uid, attempt: 1, reply: reply, test: test)
      return Decision(status: failure.map { run.ended("Failed", $0) } ?? run.succeeded("delivered"), records: [record])
    }
    run.attempts = 1
    let step = request.step(
      named: "send", url: url, secret: secret,
      previous: WebhookRequest.previous(webhook["spec"], now: input.now), now: input.metadata.created, test: test)
    return Decision(status: run.running("delivering"), steps: [step])
  }

  private func request(_ input: ReconcileInput) -> WebhookRequest {
    let event = input.spec["event"]?.string ?? "test"
    let id = input.spec["deliveryId"]?.string ?? input.metadata.uid.description
    if let payload = input.spec["payload"]?.string, !payload.isEmpty {
      return WebhookRequest(id: id, event: event, payload: payload)
    }
    let sample: Value = [
      "id": .string(id), "type": .string(event), "createdAt": .string(input.metadata.created.description),
      "tenantId": .string(input.metadata.tenant.description),
      "data": ["object": ["id": "00000000-0000-0000-0000-000000000000", "name": "sample", "sample": true]],
    ]
    return WebhookRequest(id: id, event: event, payload: JSON.text(sample))
  }
}
