// The public keys of providers: read when they are needed, kept for a while, asked for again no oftener than allowed.
import Core
import Crypto
import Foundation

public final class ProviderKeys: @unchecked Sendable {
  static let freshness = Duration.seconds(3600)
  /// Tokens under unknown keys cannot make us ask oftener than this.
  static let patience = Duration.seconds(30)
  static let providerLimit = 100
  static let keyLimit = 50

  private let http: any FederationHTTP
  private let clock: any Clock
  private let lock = NSLock()
  private var known: [String: (keys: [TokenKey], at: Timestamp)] = [:]

  public init(http: any FederationHTTP, clock: any Clock) {
    self.http = http
    self.clock = clock
  }

  /// Keys that may have signed a token under `id`. Throws Problem(.unavailable) when none are known and the provider does not answer.
  func keys(_ provider: OpenIDProvider, for id: String?) async throws -> [TokenKey] {
    let now = clock.now()
    let entry = lock.withLock { known[provider.keysURL] }
    if let entry {
      let age = now - entry.at
      let isThere = id == nil || entry.keys.contains { $0.id == id }
      if age < (isThere ? Self.freshness : Self.patience) { return entry.keys }
    }
    do {
      let answer = try await http.send(provider.keysURL, form: nil, headers: [("Accept", "application/json")])
      guard answer.status == 200, let set = try? JSON.parse(answer.body, duplicates: .lastWins) else {
        throw Problem(.unavailable, code: "provider_keys", "The keys of \(provider.name) cannot be read.")
      }
      let keys = Self.read(set)
      lock.withLock {
        if known.count >= Self.providerLimit { known.removeAll() }
        known[provider.keysURL] = (keys, now)
      }
      return keys
    } catch {
      // Keys that were good an hour ago are better than none.
      if let entry { return entry.keys }
      throw error
    }
  }

  /// The signing keys of a set that we can use; others are passed over.
  static func read(_ set: Value) -> [TokenKey] {
    (set["keys"].list ?? []).prefix(keyLimit).compactMap { item in
      guard let id = item["kid"].string, item["use"].isNull || item["use"].string == "sig" else { return nil }
      func bytes(_ name: String) -> [UInt8] { item[name].string.flatMap { Base64URL.decode($0) } ?? [] }
      let key: VerificationKey?
      switch (item["kty"].string, item["crv"].string) {
      case ("RSA", _) where item["alg"].isNull || item["alg"].string == "RS256":
        key = .rsa(modulus: bytes("n"), exponent: bytes("e"))
      case ("EC", "P-256"): key = .p256(x: bytes("x"), y: bytes("y"))
      case ("OKP", "Ed25519"): key = .ed25519(bytes("x"))
      default: key = nil
      }
      return key.map { TokenKey(id: id, key: $0) }
    }
  }
}
