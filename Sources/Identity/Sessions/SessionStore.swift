// The sessions of an account: one small value in the store, changed by comparing it with what was read.
import Core
import Ports

/// What a refresh token led to.
public enum RefreshOutcome: Sendable {
  case renewed(Session)
  /// The token was used before: the whole session has ended.
  case replayed
  /// There is no such session (any more).
  case gone
}

public struct SessionStore: Sendable {
  /// Sessions of one account; beyond it the one that was used longest ago ends.
  public static let limit = 50
  static let agentLimit = 300
  private static let attempts = 20

  let store: any StorePort
  let clock: any Clock
  let random: any RandomSource

  public init(store: any StorePort, clock: any Clock, random: any RandomSource) {
    self.store = store
    self.clock = clock
    self.random = random
  }

  /// Live sessions, oldest first.
  public func list(_ account: UID) async throws -> [Session] {
    Self.live(try await store.value(tenant: .rootTenant, key: Self.key(account)), clock.now())
  }

  public func open(_ account: UID, realm: String, agent: String?, address: String, method: String) async throws -> Session {
    let now = clock.now()
    var generator = RandomGenerator(random)
    let session = Session(
      id: UID(at: now, random: &generator), realm: realm, created: now, used: now, expires: now + TokenIssuer.refreshLife,
      agent: String((agent ?? "").prefix(Self.agentLimit)), address: address, method: method)
    try await change(account) { sessions in
      sessions.append(session)
      while sessions.count > Self.limit, let oldest = sessions.min(by: { $0.used < $1.used }) {
        sessions.removeAll { $0.id == oldest.id }
      }
    }
    return session
  }

  /// Trades the refresh token of this sequence for the next one. Of two uses of one token, however close, only the first succeeds;
  /// the second ends the session, since one of the two users is a thief.
  public func renew(_ token: SessionToken) async throws -> RefreshOutcome {
    let now = clock.now()
    return try await change(token.account) { sessions in
      guard let at = sessions.firstIndex(where: { $0.id == token.session }) else { return .gone }
      guard sessions[at].sequence == token.sequence else {
        sessions.remove(at: at)
        return .replayed
      }
      sessions[at].sequence += 1
      sessions[at].used = now
      sessions[at].expires = now + TokenIssuer.refreshLife
      return .renewed(sessions[at])
    }
  }

  /// False when there was no such session.
  @discardableResult
  public func end(_ session: UID, of account: UID) async throws -> Bool {
    try await change(account) { sessions in
      let before = sessions.count
      sessions.removeAll { $0.id == session }
      return sessions.count < before
    }
  }

  /// Ends all sessions but one; returns how many.
  @discardableResult
  public func endAll(of account: UID, except kept: UID? = nil) async throws -> Int {
    try await change(account) { sessions in
      let before = sessions.count
      sessions.removeAll { $0.id != kept }
      return before - sessions.count
    }
  }

  static func key(_ account: UID) -> String { "identity/sessions/\(account)" }

  static func live(_ value: Value?, _ now: Timestamp) -> [Session] {
    (value?.list ?? []).compactMap { Session($0) }.filter { now < $0.expires }
  }

  private func change<T>(_ account: UID, _ edit: (inout [Session]) -> T) async throws -> T {
    for _ in 0..<Self.attempts {
      let now = clock.now()
      let stored = try await store.value(tenant: .rootTenant, key: Self.key(account))
      var sessions = Self.live(stored, now)
      let before = sessions
      let result = edit(&sessions)
      if sessions == before { return result }
      let value: Value? = sessions.isEmpty ? Optional.none : .some(.list(sessions.map(\.value)))
      let done = try await store.putValue(
        tenant: .rootTenant, key: Self.key(account), value, expecting: .some(stored), expires: sessions.map(\.expires).max())
      if done { return result }
    }
    throw Problem(.conflict, code: "busy", "The sessions changed at the same time.", fix: "Try again.")
  }
}
