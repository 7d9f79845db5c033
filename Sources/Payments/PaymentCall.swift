// One call to the payment provider's HTTP API, and what its answer means.
import Core
import OutgoingHTTP

/// How to reach the provider, as configured.
public struct PaymentSettings: Sendable {
  public var secretKey: String
  /// Without a slash at the end.
  public var base: String
  public init(secretKey: String, base: String) {
    self.secretKey = secretKey
    self.base = base
  }
}

/// Why there is no answer to work with.
struct PaymentFailure: Error {
  var code: String
  var message: String
  /// The same call may succeed later.
  var mayPass = false
  /// The provider may have done what was asked.
  var mayHaveHappened = false
}

struct PaymentCall: Sendable {
  /// The version of the API that this adapter was written for: answers keep their shape whatever the account's default is.
  static let version = "2024-06-20"
  private static let timeout = Duration.seconds(12)
  private static let mostMessage = 500

  let settings: PaymentSettings
  let outgoing: OutgoingHTTP

  /// - Parameter key: makes the provider do a POST once, however often it is sent.
  func send(_ method: String, _ path: String, _ form: Value = .emptyObject, key: String? = nil) async throws(PaymentFailure)
    -> Value
  {
    let body = PaymentForm.encode(form)
    var headers: [(name: String, value: String)] = [
      ("Authorization", "Bearer \(settings.secretKey)"), ("Stripe-Version", Self.version), ("Accept", "application/json"),
    ]
    if method == "POST" { headers.append(("Content-Type", "application/x-www-form-urlencoded")) }
    if let key, method != "GET" { headers.append(("Idempotency-Key", key)) }
    let query = method != "POST" && !body.isEmpty ? "?" + body : ""
    let request = OutgoingRequest(
      method: method, url: settings.base + path + query, headers: headers, body: method == "POST" ? Array(body.utf8) : [],
      timeout: Self.timeout)
    switch await outgoing.send(request) {
    case .failure(let failure):
      throw PaymentFailure(
        code: "payment_unreachable", message: failure.message,
        mayPass: failure.reason != .invalid && failure.reason != .refusedTarget,
        mayHaveHappened: failure.mayHaveArrived)
    case .success(let response): return try answer(response)
    }
  }

  private func answer(_ response: OutgoingResponse) throws(PaymentFailure) -> Value {
    let value = response.isCut ? nil : try? JSON.parse(response.body)
    if (200..<300).contains(response.status) {
      guard let value, value.object != nil else {
        throw PaymentFailure(
          code: "payment_answer", message: "The answer is no JSON object, or is too large.", mayPass: true, mayHaveHappened: true)
      }
      return value
    }
    let error = value?["error"] ?? .null
    let text = String((error["message"].string ?? "The answer was status \(response.status).").prefix(Self.mostMessage))
    switch response.status {
    case 401, 403:
      throw PaymentFailure(code: "payment_credentials", message: "The provider refuses stripe.secretKey.")
    case 404: throw PaymentFailure(code: "missing", message: text)
    // Another call with this key is under way; or too many calls.
    case 409, 429: throw PaymentFailure(code: "payment_busy", message: text, mayPass: true)
    case 500...: throw PaymentFailure(code: "payment_unavailable", message: text, mayPass: true, mayHaveHappened: true)
    default:
      throw PaymentFailure(code: error["type"].string == "card_error" ? "payment_declined" : "payment_refused", message: text)
    }
  }
}
