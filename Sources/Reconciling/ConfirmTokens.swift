// Tokens that say "yes, I mean it": made with a refusal, good once, for the same caller and the same objects, for five minutes.
import Core
import Ports

/// One guard for prunes, deletions, rollbacks and the families' confirm tokens. Only a token's digest is kept.
public struct ConfirmTokens: Sendable {
  public static let lifetime = Duration.seconds(300)
  static let length = 40
  /// A longer text is no token of ours.
  static let longest = 200

  let store: any StorePort
  let clock: any Clock
  let mint: @Sendable (_ prefix: String, _ length: Int) -> String
  /// Hex SHA-256.
  let digest: @Sendable (String) -> String

  public init(
    store: any StorePort, clock: any Clock, mint: @escaping @Sendable (_ prefix: String, _ length: Int) -> String,
    digest: @escaping @Sendable (String) -> String
  ) {
    self.store = store
    self.clock = clock
    self.mint = mint
    self.digest = digest
  }

  /// What a token stands for: who asked, for which objects.
  public func claim(actor: String, objects: [UID]) -> Value {
    ["actor": .string(actor), "objects": .string(digest(objects.map(\.description).sorted().joined(separator: ",")))]
  }

  /// A new token for the claim. Nil: it could not be stored.
  public func issue(tenant: UID, scope: String, claim: Value, prefix: String = "", lifetime: Duration = lifetime) async throws
    -> String?
  {
    let token = mint(prefix, Self.length)
    let stored = try await store.putValue(
      tenant: tenant, key: key(scope, token), claim, expecting: .some(nil), expires: clock.now() + lifetime)
    return stored ? token : nil
  }

  /// True once for each token, and only for what it was made for.
  public func spend(_ token: String, tenant: UID, scope: String, claim: Value) async throws -> Bool {
    guard token.utf8.count <= Self.longest, let known = try await store.value(tenant: tenant, key: key(scope, token)),
      known == claim
    else { return false }
    return try await store.putValue(tenant: tenant, key: key(scope, token), nil, expecting: .some(known), expires: nil)
  }

  private func key(_ scope: String, _ token: String) -> String { "confirm/\(scope)/\(digest(token))" }
}
