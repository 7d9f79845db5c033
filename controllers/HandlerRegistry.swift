// The handlers that a route's `handler:` may name, beside the standard ones of RestView. Each stands in controllers/<family>/.
import Ports

public enum HandlerRegistry {
  public static let all: [any OperationHandler] =
    [
      BillingRequestHandler(), ForgeWebhook(.bitbucket), ForgeWebhook(.github), ForgeWebhook(.gitlab), InvoiceHandler(),
      SpendCreditsHandler(),
      PaymentWebhookHandler(),
    ] + ChargingHandlers.all
}
