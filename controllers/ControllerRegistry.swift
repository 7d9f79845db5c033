// The controllers that a kind's `controller:` may name.
import Kinds

public enum ControllerRegistry {
  public static let all: [any KindController] = [
    AlertRuleController(), AppController(), AppRestartController(), ChargingStationController(), DomainAssignmentController(),
    FineTuneController(), GitProposalController(), GitSourceController(), NotificationTestController(),
    OutgoingMailController(), RootDomainController(), SessionBatchController(), WebhookController(), WebhookSendController(),
  ]

  /// Kinds that leave something in the world: an object of theirs goes only once its controller has finished.
  public static let cleanup: Set<String> = ["App"]
}
