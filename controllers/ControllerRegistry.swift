// The controllers that a kind's `controller:` may name.
import Kinds

public enum ControllerRegistry {
  public static let all: [any KindController] = [
    AlertRuleController(), AppController(), AppRestartController(), DomainAssignmentController(), NotificationTestController(),
    RootDomainController(), WebhookController(), WebhookSendController(),
  ]
}
