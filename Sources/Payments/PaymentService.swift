// The payment provider as the engine sees it: service `payments`, spoken over Stripe's HTTP API.
import Core
import Kinds
import OutgoingHTTP
import Ports

/// Steps (keyed; the key is the provider's Idempotency-Key):
/// `customer` {name, email?, metadata} → {id}; `checkout` {customer, mode, name, unitAmount, currency, interval?, trialDays?, metadata,
/// successURL, cancelURL} → {id, url}; `portal` {customer, returnURL} → {id, url}; `cancel`, `resume`, `cancelNow` {subscription, prorate?} →
/// {id, status, currentPeriodEnd}. A failed reply has `error` {code, message, retry}.
///
/// Observations {id}: `subscription`, `invoice`, `session`, `charge` → the shapes of `PaymentShapes`, or {error: {code: missing}};
/// `health` → {status: healthy | unhealthy | not_configured, message?}.
public struct PaymentService: ServicePort {
  public let name = "payments"

  private let outgoing: OutgoingHTTP
  private let settings: @Sendable () async throws -> PaymentSettings?

  /// - Parameter settings: asked for each call; nil: no provider is configured.
  public init(_ outgoing: OutgoingHTTP, settings: @escaping @Sendable () async throws -> PaymentSettings?) {
    self.outgoing = outgoing
    self.settings = settings
  }

  public func observe(_ metadata: ObjectMetadata, operation: String, arguments: Value) async throws -> Value {
    guard let settings = try await settings() else {
      if operation == "health" { return ["status": "not_configured"] }
      throw Problem(.unavailable, code: "payments_not_configured", "No payment provider is configured.")
    }
    let call = PaymentCall(settings: settings, outgoing: outgoing)
    do throws(PaymentFailure) { return try await look(operation, arguments, call) } catch {
      if operation == "health" { return ["status": "unhealthy", "message": .string(error.message)] }
      if error.code == "missing" { return ["error": ["code": "missing", "message": .string(error.message)]] }
      throw Problem(.unavailable, code: error.code, error.message)
    }
  }

  private func look(_ operation: String, _ arguments: Value, _ call: PaymentCall) async throws(PaymentFailure) -> Value {
    let id = PaymentForm.escape(arguments["id"].string ?? "")
    guard operation == "health" || !id.isEmpty else { throw PaymentFailure(code: "missing", message: "There is no id.") }
    switch operation {
    case "health":
      _ = try await call.send("GET", "/v1/balance")
      return ["status": "healthy"]
    case "subscription": return PaymentShapes.subscription(try await call.send("GET", "/v1/subscriptions/\(id)"))
    case "invoice": return PaymentShapes.invoice(try await call.send("GET", "/v1/invoices/\(id)"))
    case "session": return PaymentShapes.session(try await call.send("GET", "/v1/checkout/sessions/\(id)"))
    case "charge":
      let charge = try await call.send("GET", "/v1/charges/\(id)")
      let refunds = try await call.send("GET", "/v1/refunds", ["charge": arguments["id"], "limit": 100])
      return PaymentShapes.charge(charge, refunds)
    default: throw PaymentFailure(code: "unknown_operation", message: "payments cannot look at \(operation).")
    }
  }

  public func perform(_ step: Step, key: String, metadata: ObjectMetadata) async -> StepReply {
    let settings: PaymentSettings?
    do { settings = try await self.settings() } catch {
      return failed(step, PaymentFailure(code: "settings", message: "The settings cannot be read now.", mayPass: true))
    }
    guard let settings else {
      return failed(step, PaymentFailure(code: "payments_not_configured", message: "no payment provider is configured"))
    }
    let call = PaymentCall(settings: settings, outgoing: outgoing)
    do throws(PaymentFailure) {
      return StepReply(step: step.name, outcome: .done, value: try await take(step, key, call))
    } catch { return failed(step, error) }
  }

  private func failed(_ step: Step, _ failure: PaymentFailure) -> StepReply {
    StepReply(
      step: step.name, outcome: failure.mayHaveHappened ? .unknown : .failed,
      value: ["error": ["code": .string(failure.code), "message": .string(failure.message), "retry": .bool(failure.mayPass)]])
  }

  private func take(_ step: Step, _ key: String, _ call: PaymentCall) async throws(PaymentFailure) -> Value {
    let arguments = step.arguments
    let subscription = PaymentForm.escape(arguments["subscription"].string ?? "")
    switch step.operation {
    case "customer":
      let made = try await call.send(
        "POST", "/v1/customers",
        ["name": arguments["name"], "email": arguments["email"], "metadata": arguments["metadata"]], key: key)
      return ["id": made["id"]]
    case "checkout":
      let made = try await call.send("POST", "/v1/checkout/sessions", PaymentShapes.checkout(arguments), key: key)
      return ["id": made["id"], "url": made["url"]]
    case "portal":
      let made = try await call.send(
        "POST", "/v1/billing_portal/sessions", ["customer": arguments["customer"], "return_url": arguments["returnURL"]], key: key
      )
      return ["id": made["id"], "url": made["url"]]
    case "cancel":
      let after = try await call.send("POST", "/v1/subscriptions/\(subscription)", ["cancel_at_period_end": true], key: key)
      return canceled(after)
    case "resume":
      let after = try await call.send("POST", "/v1/subscriptions/\(subscription)", ["cancel_at_period_end": false], key: key)
      return canceled(after)
    case "cancelNow":
      do throws(PaymentFailure) {
        // `prorate`: what is paid for and not used is credited to the customer.
        let form: Value = arguments["prorate"] == true ? ["prorate": true] : .emptyObject
        return canceled(try await call.send("DELETE", "/v1/subscriptions/\(subscription)", form, key: key))
      } catch {
        // It ended before.
        guard error.code == "missing" else { throw error }
        return ["id": arguments["subscription"], "status": "canceled", "currentPeriodEnd": .null]
      }
    default: throw PaymentFailure(code: "unknown_operation", message: "payments cannot \(step.operation)")
    }
  }

  private func canceled(_ subscription: Value) -> Value {
    let shape = PaymentShapes.subscription(subscription)
    return ["id": shape["id"], "status": shape["status"], "currentPeriodEnd": shape["periodEnd"]]
  }
}
