// A payment provider that speaks Stripe's documented HTTP API, and refuses what the real one would refuse.
import Core
import Crypto
import Foundation
import HTTPServer

final class ProviderStandIn: HTTPHandler, @unchecked Sendable {
  static let secretKey = "sk_test_stand_in"
  static let webhookSecret = "whsec_stand_in"
  /// Parameters of each POST: required ones, and others that are known. `[]` stands for any name or number in brackets.
  private static let parameters: [String: (required: Set<String>, known: Set<String>)] = [
    "/v1/customers": ([], ["name", "email", "metadata[]"]),
    "/v1/checkout/sessions": (
      ["mode", "success_url", "line_items[][price_data][currency]", "line_items[][quantity]"],
      [
        "customer", "cancel_url", "client_reference_id", "metadata[]", "line_items[][price_data][unit_amount]",
        "line_items[][price_data][product_data][name]", "line_items[][price_data][recurring][interval]",
        "subscription_data[metadata][]", "subscription_data[trial_period_days]",
      ]
    ),
    "/v1/billing_portal/sessions": (["customer"], ["return_url"]),
    "/v1/subscriptions/[]": ([], ["cancel_at_period_end", "prorate"]),
  ]

  struct Call: Sendable {
    var method: String
    var path: String
    var form: [String: String]
    var key: String?
  }

  private let lock = NSLock()
  private var objects: [String: Value] = [:]
  private var answered: [String: (request: String, answer: (status: Int, body: Value))] = [:]
  private var counter = 0
  private var failures: [Int] = []
  private var taken: [Call] = []
  private var server: HTTPServer?

  /// Starts it on a port of its own.
  func start() throws -> Int {
    let server = try HTTPServer(listen: "127.0.0.1", port: 0, loops: 1, handler: self, log: { _ in })
    try server.start()
    self.server = server
    return server.port
  }

  func stop() async { await server?.shutdown(within: .milliseconds(100)) }

  /// Calls that changed something, in their order; repeated ones (same key) too.
  var calls: [Call] { lock.withLock { taken } }
  func object(_ id: String) -> Value { lock.withLock { objects[id] ?? .null } }
  func put(_ id: String, _ value: Value) { lock.withLock { objects[id] = value } }
  /// The next calls end so, though what they ask is done.
  func fail(next statuses: [Int]) { lock.withLock { failures += statuses } }

  // MARK: Serving

  func handle(_ request: HTTPRequest) async -> HTTPResponse {
    let (status, body) = lock.withLock { answer(request) }
    return HTTPResponse(status: status, contentType: "application/json", JSON.write(body))
  }

  func bodyLimit(for head: HTTPRequest) -> Int { 1 << 20 }

  private func error(_ status: Int, _ type: String, _ message: String, code: String? = nil) -> (Int, Value) {
    (status, ["error": ["type": .string(type), "message": .string(message), "code": Value(code)]])
  }

  private func answer(_ request: HTTPRequest) -> (Int, Value) {
    guard request.headers["Authorization"] == "Bearer \(Self.secretKey)" else {
      return error(401, "invalid_request_error", "Invalid API Key provided.")
    }
    guard request.headers["Stripe-Version"]?.count == 10 else { return error(400, "invalid_request_error", "No version.") }
    if request.method == "GET" { return read(request) }
    let text = String(decoding: request.body, as: UTF8.self)
    if request.method == "POST", request.headers["Content-Type"] != "application/x-www-form-urlencoded" {
      return error(400, "invalid_request_error", "Bodies are form-encoded.")
    }
    let parameters = request.method == "DELETE" ? request.query ?? "" : text
    let form = Dictionary((QueryString.parse(parameters) ?? []).map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
    let key = request.headers["Idempotency-Key"]
    taken.append(Call(method: request.method, path: request.path, form: form, key: key))
    let whole = "\(request.method) \(request.path)\n\(text)"
    if let key, let before = answered[key] {
      guard before.request == whole else {
        return error(400, "idempotency_error", "Keys for idempotent requests can only be used with the same parameters.")
      }
      return before.answer
    }
    guard key != nil else { return error(400, "invalid_request_error", "This stand-in wants a key for every write.") }
    let result = write(request, form)
    // What the real one answers with 4xx before it begins is not kept under the key.
    if let key, result.0 < 400 { answered[key] = (whole, result) }
    if !failures.isEmpty { return error(failures.removeFirst(), "api_error", "Something went wrong on our end.") }
    return result
  }

  private func generic(_ name: String) -> String {
    var out = ""
    var inner = ""
    var isInside = false
    for character in name {
      if character == "[" {
        isInside = true
        inner = ""
      } else if character == "]" {
        isInside = false
        out += Int(inner) != nil || out.hasSuffix("metadata") || out.hasSuffix("[metadata]") ? "[]" : "[\(inner)]"
      } else if isInside {
        inner.append(character)
      } else {
        out.append(character)
      }
    }
    return out
  }

  private func write(_ request: HTTPRequest, _ form: [String: String]) -> (Int, Value) {
    let parts = request.path.split(separator: "/").map(String.init)
    let pattern = request.path.hasPrefix("/v1/subscriptions/") ? "/v1/subscriptions/[]" : request.path
    guard let rule = Self.parameters[pattern] else { return error(404, "invalid_request_error", "Unrecognized request URL.") }
    let names = Set(form.keys.map(generic))
    if let missing = rule.required.subtracting(names).sorted().first {
      return error(400, "invalid_request_error", "Missing required param: \(missing).", code: "parameter_missing")
    }
    if let unknown = names.subtracting(rule.required).subtracting(rule.known).sorted().first {
      return error(400, "invalid_request_error", "Received unknown parameter: \(unknown)", code: "parameter_unknown")
    }
    if let customer = form["customer"], objects[customer] == nil {
      return error(404, "invalid_request_error", "No such customer: '\(customer)'", code: "resource_missing")
    }
    counter += 1
    switch pattern {
    case "/v1/customers":
      return keep("cus_\(counter)", ["object": "customer", "name": Value(form["name"]), "email": Value(form["email"])])
    case "/v1/checkout/sessions":
      guard form["mode"] != "subscription" || form.keys.contains(where: { $0.contains("[recurring]") }) else {
        return error(400, "invalid_request_error", "You must provide at least one recurring price in `subscription` mode.")
      }
      let metadata = form.filter { $0.key.hasPrefix("metadata[") }.map {
        (String($0.key.dropFirst(9).dropLast()), Value.string($0.value))
      }
      return keep(
        "cs_\(counter)",
        [
          "object": "checkout.session", "mode": Value(form["mode"]), "customer": Value(form["customer"]),
          "url": .string("https://checkout.stripe.test/cs_\(counter)"), "payment_status": "unpaid",
          "amount_total": Value(form["line_items[0][price_data][unit_amount]"].flatMap { Int($0) }),
          "currency": Value(form["line_items[0][price_data][currency]"]), "metadata": .object(ObjectMap(metadata)),
        ])
    case "/v1/billing_portal/sessions":
      return keep(
        "bps_\(counter)", ["object": "billing_portal.session", "url": .string("https://billing.stripe.test/bps_\(counter)")])
    default:
      let id = parts.last ?? ""
      guard var subscription = objects[id] else { return error(404, "invalid_request_error", "No such subscription: '\(id)'") }
      guard subscription["status"] != "canceled" else {
        return error(404, "invalid_request_error", "No such subscription: '\(id)'", code: "resource_missing")
      }
      if request.method == "DELETE" {
        subscription["status"] = "canceled"
        subscription["canceled_at"] = subscription["created"]
      } else {
        subscription["cancel_at_period_end"] = .bool(form["cancel_at_period_end"] == "true")
      }
      objects[id] = subscription
      return (200, subscription)
    }
  }

  private func keep(_ id: String, _ value: Value) -> (Int, Value) {
    var value = value
    value["id"] = .string(id)
    objects[id] = value
    return (200, value)
  }

  private func read(_ request: HTTPRequest) -> (Int, Value) {
    if request.path == "/v1/balance" { return (200, ["object": "balance"]) }
    if request.path == "/v1/refunds" {
      let charge = QueryString.parse(request.query ?? "")?.first { $0.name == "charge" }?.value ?? ""
      return (200, ["object": "list", "data": objects["refunds of \(charge)"] ?? []])
    }
    let id = request.path.split(separator: "/").last.map(String.init) ?? ""
    return objects[id].map { (200, $0) }
      ?? error(404, "invalid_request_error", "No such object: '\(id)'", code: "resource_missing")
  }

  // MARK: What happens at the provider

  /// Seconds since 1970, whole.
  static var now: Int { Int(Date().timeIntervalSince1970) }

  /// A signed event about an object: body and header. `age`: how long ago it was signed.
  func event(_ id: String, _ type: String, about object: String, age: Int = 0, secret: String = webhookSecret) -> (
    body: [UInt8], signature: String
  ) {
    let body = JSON.write([
      "id": .string(id), "object": "event", "type": .string(type), "created": .int(Self.now),
      "data": ["object": self.object(object)],
    ])
    let time = Self.now - age
    let signature = Hex.encode(Digest.hmacSHA256(key: Array(secret.utf8), Array("\(time).".utf8) + body))
    return (body, "t=\(time),v1=\(String(repeating: "0", count: 64)),v1=\(signature)")
  }

  /// A subscription as it is after its first payment.
  func subscription(_ id: String, customer: String, metadata: Value, interval: String = "month", created: Int = now) {
    put(
      id,
      [
        "id": .string(id), "object": "subscription", "status": "active", "customer": .string(customer), "created": .int(created),
        "cancel_at_period_end": false, "current_period_start": .int(created), "current_period_end": .int(created + 30 * 86_400),
        "metadata": metadata, "items": ["data": [["price": ["recurring": ["interval": .string(interval)]]]]],
      ])
  }

  func invoice(_ id: String, customer: String, subscription: String, amount: Int, metadata: Value) {
    put(
      id,
      [
        "id": .string(id), "object": "invoice", "status": "paid", "paid": true, "amount_paid": .int(amount), "currency": "usd",
        "customer": .string(customer), "subscription": .string(subscription), "subscription_details": ["metadata": metadata],
        "lines": [
          "data": [
            [
              "period": ["start": .int(Self.now), "end": .int(Self.now + 30 * 86_400)],
              "price": ["recurring": ["interval": "month"]],
            ]
          ]
        ],
      ])
  }
}
