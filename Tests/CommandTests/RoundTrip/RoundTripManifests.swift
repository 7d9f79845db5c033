// One object or more of each kind that manifests can state, with secrets of every sort.

enum RoundTripManifests {
  /// What the shell holds that applies them.
  static let environment = ["TOKEN": "tk-1", "ADA": "Secr3t!pass", "HOOK": "whsec_mine", "GITPW": "gp-1", "KEY": "kk-1"]

  static let text = """
    apiVersion: platform/v1
    kind: Tenant
    metadata: {name: acme}
    spec: {title: Acme}
    ---
    apiVersion: platform/v1
    kind: Plan
    metadata: {name: pro}
    spec: {title: Pro, monthlyPriceCents: 2900, annualDiscountPct: 20, limits: {App: 30}, entitlements: {feature_x: {type: bool, boolValue: true, description: X}, seats: {type: numeric, numericValue: 2.5}}}
    ---
    apiVersion: platform/v1
    kind: CreditBundle
    metadata: {name: few}
    spec: {title: Few, credits: 10, priceCents: 100, sortOrder: 3}
    ---
    apiVersion: platform/v1
    kind: Subscription
    metadata: {name: acme}
    spec: {tenant: acme, plan: pro, waived: true}
    ---
    apiVersion: platform/v1
    kind: ConfigVariable
    metadata: {name: feature.max_uploads}
    spec: {type: numeric, value: "100", description: Most}
    ---
    apiVersion: platform/v1
    kind: ConfigVariable
    metadata: {name: feature.token}
    spec: {type: secret, secretValue: {env: TOKEN}}
    ---
    apiVersion: platform/v1
    kind: ConfigVariable
    metadata: {name: app.copyright}
    spec: {type: string, value: (c) Acme}
    ---
    apiVersion: platform/v1
    kind: Account
    metadata: {name: ada}
    spec: {email: ada@example.com, title: Ada, emailVerified: true, password: {env: ADA}}
    ---
    apiVersion: platform/v1
    kind: User
    metadata: {name: ada@example.com, tenant: acme}
    spec: {account: ada, role: owner}
    ---
    apiVersion: platform/v1
    kind: User
    metadata: {name: bob@example.com, tenant: acme}
    spec: {title: Bob}
    ---
    apiVersion: platform/v1
    kind: Role
    metadata: {name: ops, tenant: acme}
    spec: {title: Ops, permissions: [App.write, "*.read"]}
    ---
    apiVersion: platform/v1
    kind: RoleBinding
    metadata: {name: bob-ops, tenant: acme}
    spec: {user: bob@example.com, role: ops}
    ---
    apiVersion: platform/v1
    kind: ApiKey
    metadata: {name: ci, tenant: acme}
    spec: {label: CI, user: bob@example.com, scopes: [read], ipAllowlist: [10.0.0.0/8], rateLimit: 100, expiresAt: 2036-01-01T00:00:00Z}
    ---
    apiVersion: platform/v1
    kind: Webhook
    metadata: {name: hook, tenant: acme}
    spec: {title: Hook, url: "https://example.com/h", events: [app.created], active: false}
    ---
    apiVersion: platform/v1
    kind: Webhook
    metadata: {name: own, tenant: acme}
    spec: {url: "https://example.com/o", active: false, secret: {env: HOOK}}
    ---
    apiVersion: platform/v1
    kind: Invitation
    metadata: {name: eve@example.com, tenant: acme}
    spec: {expiresAt: 2036-01-01T00:00:00Z}
    ---
    apiVersion: platform/v1
    kind: GitCredential
    metadata: {name: deploy-key, tenant: acme}
    spec: {token: {env: GITPW}, username: bot}
    ---
    apiVersion: platform/v1
    kind: GitSource
    metadata: {name: shop, tenant: acme}
    spec: {url: "https://git.example.com/shop.git", credential: deploy-key, suspend: true, interval: 10m}
    ---
    apiVersion: platform/v1
    kind: Policy
    metadata: {name: small, tenant: acme}
    spec: {require: "true", message: Fine, kinds: [App]}
    ---
    apiVersion: deploy/v1
    kind: ServerPool
    metadata: {name: eu, tenant: acme}
    spec: {region: eu-west, costCents: 4200}
    ---
    apiVersion: deploy/v1
    kind: Server
    metadata: {name: web-1, tenant: acme, labels: {team: shop}}
    spec: {pool: eu}
    ---
    apiVersion: deploy/v1
    kind: Project
    metadata: {name: shop, tenant: acme}
    spec: {title: Shop}
    ---
    apiVersion: deploy/v1
    kind: EnvVar
    metadata: {name: key, tenant: acme}
    spec: {project: shop, key: API_KEY, secretValue: {env: KEY}}
    ---
    apiVersion: deploy/v1
    kind: EnvVar
    metadata: {name: plain, tenant: acme}
    spec: {project: shop, key: PLAIN, value: "1"}
    ---
    apiVersion: deploy/v1
    kind: App
    metadata: {name: web, tenant: acme, labels: {tier: web}, protect: true}
    spec: {title: Web, project: shop, replicas: 0, command: [sleep, "1000"], env: {A: b}}
    ---
    apiVersion: deploy/v1
    kind: PlacementRule
    metadata: {name: near, tenant: acme}
    spec: {app: web, type: prefer, selector: {team: shop}, weight: 3}
    ---
    apiVersion: deploy/v1
    kind: RootDomain
    metadata: {name: example.org, tenant: acme}
    ---
    apiVersion: deploy/v1
    kind: DomainAssignment
    metadata: {name: www.example.org, tenant: acme}
    spec: {app: web, rootDomain: example.org}
    ---
    apiVersion: deploy/v1
    kind: NotificationChannel
    metadata: {name: mail, tenant: acme}
    spec: {type: email, title: Mail, email: [a@example.com]}
    ---
    apiVersion: deploy/v1
    kind: AlertRule
    metadata: {name: crash, tenant: acme}
    spec: {source: appRestarts, comparison: gt, threshold: 3, app: web, channels: [mail]}
    ---
    apiVersion: deploy/v1
    kind: AlertSilence
    metadata: {name: quiet, tenant: acme}
    spec: {endsAt: 2036-01-01T00:00:00Z, rule: crash}
    ---
    apiVersion: charging/v1
    kind: ChargingStation
    metadata: {name: st-1, tenant: acme}
    spec: {}
    ---
    apiVersion: charging/v1
    kind: Connector
    metadata: {name: st-1-1, tenant: acme}
    spec: {station: st-1, connectorId: "1", maxPowerKw: 22.5, phases: 3}
    ---
    apiVersion: charging/v1
    kind: DetectorModel
    metadata: {name: strict, tenant: acme}
    spec: {title: Strict}
    ---
    apiVersion: platform/v1
    kind: SAMLProvider
    metadata: {name: corp, tenant: acme}
    spec:
      entity: https://idp.example.com/metadata
      loginUrl: https://idp.example.com/sso
      certificate: |
        -----BEGIN CERTIFICATE-----
        MIIBszCCAVmgAwIBAgIUQ0xFQVJMWS1OT1QtQS1DRVJUSUZJQ0FURS0wMTIzNDU2
        Nzg5YWJjZGVmMAoGCCqGSM49BAMCMA8xDTALBgNVBAMMBHRlc3QwHhcNMjYwMTAx
        -----END CERTIFICATE-----
    ---
    apiVersion: platform/v1
    kind: TenantProfile
    metadata: {name: main, tenant: acme}
    spec: {title: Acme Org}

    """
}
