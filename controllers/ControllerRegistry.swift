// The controllers that a kind's `controller:` may name.
import Core
import Kinds

public enum ControllerRegistry {
  public static let all: [any KindController] = [
    AlertRuleController(), AppController(), AppRestartController(), BillingRequestController(), ChargingStationController(),
    DomainAssignmentController(), FineTuneController(), GitProposalController(), GitSourceController(), InvitationController(),
    NotificationTestController(),
    OutgoingMessageController.mail, OutgoingMessageController.text, PaymentEventController(), RootDomainController(),
    SessionBatchController(),
    SubscriptionController(), TenantEventController(),
    WebhookController(), WebhookSendController(),
  ]

  /// With those that `run.call` of a catalog's kinds makes.
  public static func all(of catalog: KindCatalog) -> [any KindController] {
    all + catalog.kinds.compactMap { RunCallController($0) }
  }

  /// Kinds whose spec names a controller that nobody wrote: their objects would wait for ever.
  public static func missing(in catalog: KindCatalog) -> [Problem] {
    let written = Set(all(of: catalog).map(\.kind))
    return catalog.kinds.filter { $0.controller != nil && !written.contains($0.name) }.map {
      Problem(
        .invalid, code: "no_controller", "There is no controller \"\($0.controller ?? "")\" for the kind \($0.name).",
        place: $0.place,
        fix: "Register it in controllers/ControllerRegistry.swift, or leave out \"controller\".")
    }
  }

  /// Kinds that leave something in the world: an object of theirs goes only once its controller has finished.
  public static let cleanup: Set<String> = ["App"]
}
