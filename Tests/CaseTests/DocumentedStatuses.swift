// The statuses that the API documents name for each operation: what the case files must show.

/// Operation → statuses. What needs a service that this installation does not have is in `absent`.
enum DocumentedStatuses {
  static let table: [String: [Int]] = Dictionary(
    uniqueKeysWithValues: text.split(separator: "\n").map { line in
      let words = line.split(separator: " ")
      return (String(words[0]), words.dropFirst().compactMap { Int($0) })
    })

  /// Answers that nothing here can give yet, with what is answered instead.
  static let absent: [String: (documented: Int, instead: Int)] = [
    "deploy.apps.exec": (101, 422),
    // Shown with a provider by GoogleSignInTests.
    "deploy.authentication.google": (307, 501),
    "deploy.authentication.google-callback": (307, 501),
    "deploy.domains.connect-session": (201, 503),
    "deploy.domains.managed-dns": (200, 503),
    "deploy.domains.enable-wildcard": (202, 503),
    "deploy.domains.zone-preview": (200, 503),
    "deploy.observability.create-alert-from-template": (201, 404),
    "deploy.system.stripe-webhook": (200, 400),
    // Shown with a payment provider by BillingTests.
    "deploy.plans-and-billing.portal": (200, 503),
    "deploy.plans-and-billing.cancel": (200, 503),
    "deploy.plans-and-billing.get-invoice": (200, 404),
    "deploy.plans-and-billing.get-invoice-pdf": (200, 404),
    // Shown by the cases of invitations.
    "deploy.messages.mark-read": (200, 404),
  ]

  private static let text = """
    charging.sessions.list-sessions 200
    charging.sessions.create-session 200
    charging.sessions.get-session-detail 200
    charging.sessions.replace-session 200
    charging.sessions.update-session 200
    charging.sessions.ask-session 200
    charging.sessions.get-session-explanation 200
    charging.sessions.explain-session 200
    charging.sessions.submit-batch 200
    charging.sessions.get-batch-status 200
    charging.stations.list-stations 200
    charging.stations.get-station-detail 200
    charging.stations.list-station-anomalies 200
    charging.stations.get-station-connectors 200
    charging.stations.get-station-energy 200
    charging.stations.get-station-inference 200
    charging.stations.get-shade-overview 200
    charging.stations.lookup-station-ids 200
    charging.anomalies.list-anomalies 200
    charging.anomalies.list-anomaly-connectors 200
    charging.anomalies.update-issue 200
    charging.anomalies.list-anomaly-sessions 200
    charging.anomalies.get-anomaly-detail 200
    charging.models.list-models 200
    charging.models.get-model-detail 200
    charging.models.start-fine-tune 200
    charging.models.get-fine-tune-status 200
    charging.statistics.get-statistics 200
    charging.webhooks.list-webhooks 200
    charging.webhooks.create-webhook 200
    charging.webhooks.get-webhook 200
    charging.webhooks.update-webhook 200
    charging.webhooks.delete-webhook 200
    charging.webhooks.rotate-secret 200
    charging.webhooks.test-webhook 200
    charging.api-keys.list-api-keys 200
    charging.api-keys.create-api-key 200
    charging.api-keys.revoke-api-key 200
    charging.organization.get-organization 200
    charging.organization.update-organization 200
    charging.members.list-members 200
    charging.members.remove-member 200
    backend.api-keys.list-api-keys 200
    backend.api-keys.create-api-key 201
    backend.api-keys.update-api-key 200
    backend.api-keys.revoke-api-key 200
    backend.api-keys.rotate-api-key 200
    backend.public.landing-page 
    backend.public.health-check 200
    backend.public.readiness-probe 200
    backend.public.openapi-specification 200
    backend.roles.list-roles 200
    backend.roles.create-role 201
    backend.roles.get-role 200
    backend.roles.update-role 200
    backend.roles.delete-role 200
    backend.roles.assign-permissions-to-role 200
    backend.roles.assign-role-to-user 200
    backend.roles.list-user-roles 200
    backend.roles.remove-role-from-user 200
    backend.webhooks.list-webhooks 200
    backend.webhooks.create-webhook 201
    backend.webhooks.update-webhook 200
    backend.webhooks.delete-webhook 200 409
    backend.webhooks.replay-webhook 200
    backend.webhooks.rotate-webhook-secret 200
    backend.webhooks.test-webhook 200
    backend.webhook-deliveries.list-webhook-deliveries 200
    backend.webhook-deliveries.retry-webhook-delivery 200
    deploy.observability.list-alert-firings 200
    deploy.observability.ack-alert-firing 200 400 404
    deploy.observability.create-alert-rule 201 400
    deploy.observability.list-alert-rules 200
    deploy.observability.get-alert-rule 200 404
    deploy.observability.update-alert-rule 200 400 404
    deploy.observability.delete-alert-rule 200 404
    deploy.observability.list-alert-templates 200
    deploy.observability.create-alert-from-template 201 400 404
    deploy.observability.create-alert-silence 201 400
    deploy.observability.list-alert-silences 200
    deploy.observability.delete-alert-silence 200 404
    deploy.plans-and-billing.list-credits 200
    deploy.plans-and-billing.spend-credits 200 400 402 409
    deploy.authentication.register 201 400 409
    deploy.authentication.login 200 400 401 429
    deploy.authentication.refresh 200 400 401
    deploy.authentication.verify-email 200 400
    deploy.authentication.resend-verification 200 400 429
    deploy.authentication.forgot-password 200 400
    deploy.authentication.reset-password 200 400
    deploy.authentication.google 307 501
    deploy.authentication.google-callback 307 501
    deploy.authentication.me 200 401
    deploy.authentication.logout 200
    deploy.authentication.change-password 200 400 401
    deploy.authentication.accept-invitation 200 400 401
    deploy.tenant-members.list 200
    deploy.tenant-members.invite 201 400 403 409
    deploy.tenant-members.remove 200 400 403 404
    deploy.tenant-members.change-role 200 400 403 404
    deploy.tenant-members.transfer-ownership 200 400 403 404
    deploy.admin-tenants.list 200
    deploy.admin-tenants.get 200 400 404
    deploy.admin-tenants.update 200 400 404
    deploy.admin-tenants.set-status 200 400 403 404
    deploy.admin-users.list 200
    deploy.admin-users.get 200 400 404
    deploy.admin-users.update 200 400 404 409
    deploy.admin-users.set-status 200 400 403 404
    deploy.admin-users.set-role 200 400 403 404
    deploy.admin-users.preflight-delete 200 400
    deploy.admin-users.delete 200 400 403 404
    deploy.admin-api-keys.list 200
    deploy.admin-api-keys.create 201 400
    deploy.admin-api-keys.delete 200 400 404
    deploy.apps.create 201 400
    deploy.apps.list 200
    deploy.apps.get 200 404
    deploy.apps.update 200 400 404
    deploy.apps.delete 200 404
    deploy.apps.exec 101 404 422
    deploy.deployments.restart 202 404
    deploy.deployments.stop 202 404
    deploy.deployments.start 202 404
    deploy.projects.list-apps 200 404
    deploy.projects.create-app 201 400 404
    deploy.projects.link-app 200 400 404
    deploy.domains.preflight 200 400
    deploy.domains.map 201 400
    deploy.domains.connect-session 201 400
    deploy.domains.create-assignment 201 400
    deploy.domains.list-assignments 200
    deploy.domains.get-assignment 200 404
    deploy.domains.reassign 200 400 404
    deploy.domains.delete-assignment 200 404
    deploy.domains.retry-assignment 202 404
    deploy.domains.managed-dns 200 400 404
    deploy.domains.lifecycle 200 404
    deploy.domains.dns-propagation 200 404
    deploy.domains.enable-wildcard 202 404
    deploy.domains.disable-wildcard 200 404
    deploy.domains.zone-preview 200
    deploy.apps.list-domains 200 404
    deploy.domains.set-analytics 200 400 404
    deploy.projects.create-env-var 201 400 404
    deploy.projects.list-env-vars 200 404
    deploy.projects.update-env-var 200 400 404
    deploy.projects.reveal-env-var 200 404
    deploy.projects.delete-env-var 200 404
    deploy.observability.create-notification-channel 201 400
    deploy.observability.list-notification-channels 200
    deploy.observability.get-notification-channel 200 404
    deploy.observability.update-notification-channel 200 400 404
    deploy.observability.delete-notification-channel 200 404
    deploy.observability.test-notification-channel 200 404
    deploy.fleet.list-placement-rules 200 404
    deploy.fleet.create-placement-rule 201 400 404
    deploy.fleet.delete-placement-rule 200 404
    deploy.admin-configuration.list 200
    deploy.admin-configuration.create 201 400 409
    deploy.admin-configuration.get 200 404
    deploy.admin-configuration.update 200 400 404
    deploy.admin-configuration.delete 200 403 404
    deploy.admin-credit-bundles.list 200
    deploy.admin-credit-bundles.create 201 400 409
    deploy.admin-credit-bundles.update 200 400 404 409
    deploy.admin-credit-bundles.delete 200 400 404
    deploy.admin-dashboard-and-monitoring.about 200
    deploy.admin-dashboard-and-monitoring.dashboard 200
    deploy.admin-dashboard-and-monitoring.list-logs 200
    deploy.admin-dashboard-and-monitoring.list-nodes 200
    deploy.admin-dashboard-and-monitoring.node-metrics 200
    deploy.admin-dashboard-and-monitoring.current-health 200
    deploy.admin-dashboard-and-monitoring.integrations 200
    deploy.admin-financial.list-transactions 200
    deploy.admin-financial.metrics 200
    deploy.admin-tenants.assign-plan 200 400 404
    deploy.admin-tenants.cancel-subscription 200 400 404
    deploy.admin-tenants.update-subscription 200 400 404
    deploy.messages.list 200 401
    deploy.messages.unread-count 200 401
    deploy.messages.mark-read 200 400 404
    deploy.plans-and-billing.list-plans 200
    deploy.plans-and-billing.list-bundles 200
    deploy.plans-and-billing.checkout 200 400 403 404 503
    deploy.plans-and-billing.portal 200 503
    deploy.plans-and-billing.list-transactions 200
    deploy.plans-and-billing.get-invoice 200 400 404
    deploy.plans-and-billing.get-invoice-pdf 200 400 404
    deploy.plans-and-billing.cancel 200 400 503
    deploy.plans-and-billing.get-config 200
    deploy.admin-plans.list 200
    deploy.admin-plans.get 200 400 404
    deploy.admin-plans.entitlement-keys 200
    deploy.admin-plans.create 201 400 409
    deploy.admin-plans.update 200 400 403 404 409
    deploy.admin-plans.delete 200 403 404 409
    deploy.projects.create 201 400
    deploy.projects.list 200
    deploy.projects.get 200 404
    deploy.projects.update 200 400 404
    deploy.projects.delete 200 404
    deploy.domains.create-root 201 400
    deploy.domains.list-root 200
    deploy.domains.get-root 200 404
    deploy.domains.delete-root 200 404
    deploy.domains.verify-root 200 404
    deploy.domains.rotate-root-token 200 404 409
    deploy.fleet.cordon 200 404
    deploy.fleet.uncordon 200 404
    deploy.fleet.drain 200 404
    deploy.fleet.undrain 200 404
    deploy.fleet.server-status 200 404
    deploy.fleet.assign-pool 200 400 404
    deploy.fleet.capacity-forecast 200 404
    deploy.servers.set-labels 200 400 404
    deploy.servers.stream-events 200 404
    deploy.fleet.create-pool 201 400
    deploy.fleet.list-pools 200
    deploy.fleet.delete-pool 200 404
    deploy.public.github-webhook 202 401
    deploy.public.gitlab-webhook 202 401
    deploy.public.bitbucket-webhook 202 401
    deploy.system.version 200
    deploy.system.health 200
    deploy.system.stripe-webhook 200 400
    deploy.admin-webhooks.list 200
    deploy.admin-webhooks.event-types 200
    deploy.admin-webhooks.create 201 400
    deploy.admin-webhooks.get 200 400 404
    deploy.admin-webhooks.update 200 400 404
    deploy.admin-webhooks.delete 200 400 404
    deploy.admin-webhooks.test 200 400 404
    deploy.admin-webhooks.regenerate-secret 200 400 404
    """
}
