// What an alert rule may count, and the question that the records answer.
import Core
import Kinds

enum AlertSource: String, CaseIterable {
  case appRestarts, requests, requestErrors, deliveries, deliveryFailures

  /// Arguments of the `aggregate` observation of `records`.
  func question(_ spec: ObjectMap, now: Timestamp) -> Value {
    var filter = ObjectMap()
    var kind = "WebhookDelivery"
    var sum: String?
    switch self {
    case .appRestarts:
      kind = "AppEvent"
      filter["type"] = "restarted"
      if let app = spec["app"], !app.isNull { filter["app"] = app }
    case .requests, .requestErrors:
      kind = "RequestSample"
      sum = "count"
      if self == .requestErrors { filter["error"] = true }
    case .deliveries, .deliveryFailures:
      if let webhook = spec["webhook"], !webhook.isNull { filter["webhook"] = webhook }
      if self == .deliveryFailures { filter["success"] = false }
    }
    let window = spec["window"]?.duration ?? .seconds(300)
    return ["kind": .string(kind), "from": .string((now - window).description), "where": .object(filter), "sum": Value(sum)]
  }

  /// The number in the answer.
  func number(_ answer: Value) -> Double? {
    switch self {
    case .requests, .requestErrors: answer["sum"].double
    default: answer["count"].double
    }
  }

  /// Words for people: `restarts of apps`.
  var words: String {
    switch self {
    case .appRestarts: "app restarts"
    case .requests: "requests"
    case .requestErrors: "failed requests"
    case .deliveries: "webhook deliveries"
    case .deliveryFailures: "failed webhook deliveries"
    }
  }
}
