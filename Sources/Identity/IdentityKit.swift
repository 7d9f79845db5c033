// What signing in is made of, put together once for a server: keys, sessions, one-time secrets, lock-out, limits.
import Core
import Crypto
import Ports

public struct IdentityKit: Sendable {
  public let store: any StorePort
  public let vault: Vault
  public let clock: any Clock
  public let ring: KeyRing
  public let issuer: TokenIssuer
  public let sessions: SessionStore
  public let tokens: OneTimeTokens
  public let lockOut: LoginGuard
  public let limiter: SharedRateLimiter
  public let policy: PasswordPolicy

  public init(store: any StorePort, vault: Vault, clock: any Clock, random: any RandomSource = SystemRandom()) {
    self.store = store
    self.vault = vault
    self.clock = clock
    ring = KeyRing(store: store, sealing: vault, clock: clock)
    issuer = TokenIssuer(ring: ring, issuer: "plumb:" + Hex.encode(vault.derivedKey("issuer").prefix(8)), clock: clock)
    sessions = SessionStore(store: store, clock: clock, random: random)
    tokens = OneTimeTokens(store: store, clock: clock)
    lockOut = LoginGuard(store: store, clock: clock)
    limiter = SharedRateLimiter(store: store, clock: clock)
    policy = .standard
  }
}
