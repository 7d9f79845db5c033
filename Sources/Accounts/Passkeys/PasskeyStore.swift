// Passkeys as objects, the site that they belong to, and challenges that are good once.
import Core
import Crypto
import Foundation
import Identity
import Kinds
import Ports

struct PasskeyStore: Sendable {
  static let kind = "Passkey"
  /// Passkeys of one person.
  static let limit = 20
  private static let credentialRule = 1

  let ports: OperationPorts

  func all(of account: UID) async throws -> [StoredObject] {
    guard ports.catalog.kind(Self.kind) != nil else { return [] }
    return try await ports.reads.list(
      ObjectQuery(
        tenant: .rootTenant, kind: Self.kind,
        predicate: .compare(.spec(["account"]), .equal, .string(account.description)), sort: [(.created, false)],
        limit: Self.limit)
    ).objects
  }

  func object(credential: String) async throws -> StoredObject? {
    let key = UniqueKey(rule: Self.credentialRule, value: JSON.canonical([.string(credential)]), global: false)
    guard let uid = try await ports.reads.holders(tenant: .rootTenant, kind: Self.kind, keys: [key]).values.first else {
      return nil
    }
    return try await ports.reads.objects(tenant: .rootTenant, uids: [uid]).first { !$0.deleted && $0.deleting == nil }
  }

  static func passkey(_ object: StoredObject) -> Passkey? {
    guard let id = object.spec["credential"]?.string.flatMap({ Base64URL.decode($0) }),
      let key = object.spec["key"]?.string.flatMap({ Base64URL.decode($0) })
    else { return nil }
    return Passkey(
      id: id, key: key, count: object.spec["count"]?.int ?? 0, model: [], isBackedUp: object.spec["backedUp"]?.bool ?? false)
  }
}

/// The site of passkeys: `app.url`, unless `passkey.rpId` and `passkey.origins` (separated by commas) say otherwise.
struct PasskeySite: Sendable {
  let party: RelyingParty

  static func read(_ parts: AccountDesk.Parts, _ ports: OperationPorts) async throws -> PasskeySite {
    let set = try await Settings.read(["app.url", "app.name", "passkey.rpId", "passkey.origins"], ports)
    let url = URLComponents(string: set["app.url"] ?? parts.url())
    guard let host = url?.host, let scheme = url?.scheme else {
      throw Problem(.refused, code: "not_configured", "The address of the front end (app.url) is not configured.")
    }
    let own = "\(scheme)://\(host)" + (url?.port.map { ":\($0)" } ?? "")
    let origins = (set["passkey.origins"] ?? own).split(separator: ",").map { String($0).trimmed }.filter { !$0.isEmpty }
    return PasskeySite(
      party: RelyingParty(id: set["passkey.rpId"] ?? host, name: set["app.name"] ?? "Plumb", origins: Set(origins)))
  }
}

/// The challenge is a one-time token: what comes back names it, and uses it up.
struct PasskeyChallenge: Sendable {
  let parts: AccountDesk.Parts

  /// As browsers take it: base64url of its bytes.
  func make(_ payload: Value) async throws -> String {
    Base64URL.encode(Array(try await parts.kit.tokens.make(.challenge, payload).utf8))
  }

  /// The bytes and what they were sent for. Throws `passkey_refused`.
  func take(from clientData: [UInt8]) async throws -> (bytes: [UInt8], payload: Value) {
    guard clientData.count <= 4096, let text = (try? JSON.parse(clientData))?["challenge"].string,
      let bytes = Base64URL.decode(text),
      let payload = try await parts.kit.tokens.take(.challenge, String(decoding: bytes, as: UTF8.self))
    else { throw Problem(.invalid, code: "passkey_refused", "The challenge is unknown, used or expired.", fix: "Begin again.") }
    return (bytes, payload)
  }
}
