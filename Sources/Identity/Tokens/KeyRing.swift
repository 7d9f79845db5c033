// The installation's signing keys: made when needed, replaced in time, shared by all replicas through the store.
import Core
import Crypto
import Foundation
import Ports

/// A key signs for `period`; its successor is published `notice` before it takes over, and it verifies until the last token that it
/// signed has expired. Private halves are sealed. Safe to share.
public final class KeyRing: @unchecked Sendable {
  public static let period = Duration.seconds(30 * 86_400)
  public static let notice = Duration.seconds(86_400)
  /// How long a key verifies after it stopped signing: the life of the longest token, and a day.
  public static let retention = TokenIssuer.refreshLife + .seconds(86_400)
  /// What was read is used for so long; a token under an unknown key is looked up at most every `patience`.
  static let freshness = Duration.seconds(60)
  static let patience = Duration.seconds(1)
  static let storeKey = "identity/signing-keys"
  private static let context = "Identity.signingKey"
  private static let attempts = 8

  struct Entry: Sendable {
    var id: String
    var open: [UInt8]
    var sealed: String
    /// Signs from then on.
    var from: Timestamp
    /// Verifies until then.
    var until: Timestamp
  }

  private let store: any StorePort
  private let sealing: any SecretSealing
  private let clock: any Clock
  private let lock = NSLock()
  private var entries: [Entry] = []
  private var opened: [String: SigningKey] = [:]
  private var verifiers: [TokenKey] = []
  private var readAt: Timestamp?

  public init(store: any StorePort, sealing: any SecretSealing, clock: any Clock) {
    self.store = store
    self.sealing = sealing
    self.clock = clock
  }

  /// The key that signs now.
  public func signer() async throws -> (id: String, key: SigningKey) {
    let now = clock.now()
    try await refresh(now, force: false)
    if needsKey(now) { try await rotate(now, at: nil) }
    guard let entry = lock.withLock({ entries.last { $0.from <= now && now < $0.until } ?? entries.first }) else {
      throw Problem(.failure, code: "signing_key", "There is no signing key.")
    }
    if let key = lock.withLock({ opened[entry.id] }) { return (entry.id, key) }
    guard let bytes = Base64.decode(try sealing.open(entry.sealed, context: Self.context)) else {
      throw Problem(.failure, code: "signing_key", "A stored signing key is damaged.")
    }
    let key = try SigningKey(.edDSA, encoded: bytes)
    lock.withLock { opened[entry.id] = key }
    return (entry.id, key)
  }

  /// Keys that tokens may be signed with. `id` is looked up in the store when it is not known.
  public func keys(for id: String?) async throws -> [TokenKey] {
    let now = clock.now()
    try await refresh(now, force: false)
    let known = lock.withLock { verifiers }
    if known.contains(where: { $0.id == id }) { return known }
    try await refresh(now, force: true)
    return lock.withLock { verifiers }
  }

  /// JSON Web Key Set (RFC 7517) of the public halves.
  public func published() async throws -> Value {
    _ = try await signer()
    let keys = lock.withLock { entries }
    return [
      "keys": .list(
        keys.map { entry in
          [
            "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": .string(entry.id),
            "x": .string(Base64URL.encode(entry.open)),
          ]
        })
    ]
  }

  /// A new key that signs at once, and the old ones no longer verify: for when a key may be known to others. Everybody signs in again.
  public func replaceAll() async throws {
    for _ in 0..<Self.attempts {
      let stored = try await store.value(tenant: .rootTenant, key: Self.storeKey)
      let entry = try make(from: clock.now())
      if try await put([entry], expecting: stored) { return try await refresh(clock.now(), force: true, always: true) }
    }
    throw Problem(.conflict, code: "busy", "The signing keys changed at the same time.", fix: "Try again.")
  }

  private func needsKey(_ now: Timestamp) -> Bool {
    lock.withLock { entries.last.map { $0.from + Self.period - Self.notice <= now } ?? true }
  }

  /// Adds the next key, unless another replica did.
  private func rotate(_ now: Timestamp, at: Timestamp?) async throws {
    for _ in 0..<Self.attempts {
      let stored = try await store.value(tenant: .rootTenant, key: Self.storeKey)
      var list = Self.read(stored).filter { now < $0.until }
      guard list.last.map({ $0.from + Self.period - Self.notice <= now }) ?? true else { break }
      list.append(try make(from: list.isEmpty ? now : max(now, (list.last?.from ?? now) + Self.period)))
      if try await put(list, expecting: stored) { break }
    }
    try await refresh(now, force: true, always: true)
  }

  private func make(from: Timestamp) throws -> Entry {
    let key = SigningKey.generate(.edDSA)
    let open = key.publicBytes
    return Entry(
      id: Base64URL.encode(Digest.sha256(open).prefix(12)), open: open,
      sealed: try sealing.seal(Base64.encode(key.encoded), context: Self.context), from: from,
      until: from + Self.period + Self.retention)
  }

  private func put(_ list: [Entry], expecting: Value?) async throws -> Bool {
    let value = Value.list(
      list.map { entry in
        [
          "id": .string(entry.id), "open": .string(Base64URL.encode(entry.open)), "sealed": .string(entry.sealed),
          "from": .string(entry.from.description), "until": .string(entry.until.description),
        ]
      })
    return try await store.putValue(tenant: .rootTenant, key: Self.storeKey, value, expecting: .some(expecting), expires: nil)
  }

  private func refresh(_ now: Timestamp, force: Bool, always: Bool = false) async throws {
    let age = lock.withLock { readAt.map { now - $0 } }
    if !always, let age, age < (force ? Self.patience : Self.freshness) { return }
    let list = Self.read(try await store.value(tenant: .rootTenant, key: Self.storeKey))
    let keys = list.filter { now < $0.until }.compactMap { entry in
      VerificationKey.ed25519(entry.open).map { TokenKey(id: entry.id, key: $0) }
    }
    lock.withLock {
      entries = list
      verifiers = keys
      readAt = now
      opened = opened.filter { name, _ in list.contains { $0.id == name } }
    }
  }

  private static func read(_ value: Value?) -> [Entry] {
    (value?.list ?? []).compactMap { item in
      guard let id = item["id"].string, let open = item["open"].string.flatMap({ Base64URL.decode($0) }),
        let sealed = item["sealed"].string, let from = item["from"].string.flatMap({ Timestamp($0) }),
        let until = item["until"].string.flatMap({ Timestamp($0) })
      else { return nil }
      return Entry(id: id, open: open, sealed: sealed, from: from, until: until)
    }
  }
}
