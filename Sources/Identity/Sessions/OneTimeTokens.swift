// Secrets that are good once and for a while: links in mails, codes in messages, states of a login elsewhere.
import Core
import Crypto
import Ports

/// Kept as hashes in the store's named values, which forget them by themselves.
public struct OneTimeTokens: Sendable {
  /// What a secret is for. One made for one purpose is unknown to every other.
  public struct Purpose: Sendable, Hashable {
    public let name: String
    public let life: Duration
    public init(_ name: String, life: Duration) {
      self.name = name
      self.life = life
    }
    public static let verifyEmail = Purpose("verify-email", life: .seconds(24 * 3600))
    public static let resetPassword = Purpose("reset-password", life: .seconds(3600))
    public static let magicLink = Purpose("magic-link", life: .seconds(15 * 60))
    public static let signInCode = Purpose("sign-in-code", life: .seconds(10 * 60))
    public static let confirmPhone = Purpose("confirm-phone", life: .seconds(10 * 60))
    public static let secondFactor = Purpose("second-factor", life: .seconds(5 * 60))
    public static let federation = Purpose("federation", life: .seconds(10 * 60))
    public static let challenge = Purpose("challenge", life: .seconds(5 * 60))
  }

  static let length = 43
  public static let codeLength = 6
  /// Wrong guesses of one code before it is void.
  public static let guesses = 5
  private static let attempts = 20

  let store: any StorePort
  let clock: any Clock

  public init(store: any StorePort, clock: any Clock) {
    self.store = store
    self.clock = clock
  }

  // MARK: Long tokens, which nobody can guess

  /// A new token that stands for `payload`.
  public func make(_ purpose: Purpose, _ payload: Value) async throws -> String {
    let token = randomToken(length: Self.length)
    _ = try await store.putValue(
      tenant: .rootTenant, key: Self.key(purpose, token), payload, expecting: nil, expires: clock.now() + purpose.life)
    return token
  }

  /// What a token stands for, without using it up. Nil for unknown, used and expired ones alike.
  public func peek(_ purpose: Purpose, _ token: String) async throws -> Value? {
    guard token.utf8.count <= 200 else { return nil }
    return try await store.value(tenant: .rootTenant, key: Self.key(purpose, token))
  }

  /// The same, and it is used up: of several callers one gets the payload.
  public func take(_ purpose: Purpose, _ token: String) async throws -> Value? {
    guard let payload = try await peek(purpose, token) else { return nil }
    let done = try await store.putValue(
      tenant: .rootTenant, key: Self.key(purpose, token), nil, expecting: .some(payload), expires: nil)
    // Spelled out: the shorter form would give losers the value null.
    guard done else { return .none }
    return .some(payload)
  }

  // MARK: Short codes, which are counted

  /// A code of digits for `subject` (an account, an address); the one before it is void.
  public func makeCode(_ purpose: Purpose, subject: String, payload: Value = .null) async throws -> String {
    let code = randomToken(length: Self.codeLength, alphabet: TokenAlphabet.digits)
    let value: Value = ["hash": .string(Self.hash(subject, code)), "left": .int(Self.guesses), "payload": payload]
    _ = try await store.putValue(
      tenant: .rootTenant, key: Self.codeKey(purpose, subject), value, expecting: nil, expires: clock.now() + purpose.life)
    return code
  }

  /// The payload when `code` is right and was not used; a wrong guess is counted, and the last one voids the code.
  public func takeCode(_ purpose: Purpose, subject: String, code: String) async throws -> Value? {
    let key = Self.codeKey(purpose, subject)
    for _ in 0..<Self.attempts {
      guard let stored = try await store.value(tenant: .rootTenant, key: key) else { return nil }
      let right = constantTimeEqual(Array((stored["hash"].string ?? "").utf8), Array(Self.hash(subject, code).utf8))
      let left = (stored["left"].int ?? 0) - 1
      var counted = stored
      counted["left"] = .int(left)
      // Spelled out: a bare nil would be the value null.
      let next = right || left <= 0 ? Optional<Value>.none : .some(counted)
      let done = try await store.putValue(
        tenant: .rootTenant, key: key, next, expecting: .some(stored), expires: clock.now() + purpose.life)
      if done { return right ? Optional.some(stored["payload"]) : .none }
    }
    return nil
  }

  private static func key(_ purpose: Purpose, _ token: String) -> String {
    "identity/once/\(purpose.name)/" + Digest.sha256Hex(Array(token.utf8))
  }
  private static func codeKey(_ purpose: Purpose, _ subject: String) -> String {
    "identity/code/\(purpose.name)/" + Digest.sha256Hex(Array(subject.utf8))
  }
  private static func hash(_ subject: String, _ code: String) -> String {
    Digest.sha256Hex(Array((subject + "\0" + code).utf8))
  }
}
