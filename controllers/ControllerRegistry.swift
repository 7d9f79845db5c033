// The controllers that a kind's `controller:` may name.
import Kinds

public enum ControllerRegistry {
  public static let all: [any KindController] = [
    AlertRuleController(), AppController(), AppRestartController(), BillingRequestController(), ChargingStationController(),
    DomainAssignmentController(), GitProposalController(), GitSourceController(), NotificationTestController(),
    OutgoingMailController(), PaymentEventController(), RootDomainController(), SessionBatchController(), SubscriptionController(),
    WebhookController(), WebhookSendController(),
  ]

  /// With those that `run.call` of a catalog's kinds makes.
  public static func all(of catalog: KindCatalog) -> [any KindController] {
    all + catalog.kinds.compactMap { RunCallController($0) }
  }

  /// Kinds that leave something in the world: an object of theirs goes only once its controller has finished.
  public static let cleanup: Set<String> = ["App"]
}
