// The first start: the root tenant, its owner, and the owner's admin key.
import Core
import Crypto
import Foundation
import Identity
import Kinds
import Planning
import Ports
import Reconciling

enum Bootstrap {
  static let owner = "owner@localhost.localdomain"
  static let tokenLength = 43

  /// Makes what is missing. The token is on disk before it is in the database, so that a crash between cannot lose it.
  static func run(_ engine: Engine, _ data: DataDirectory) async throws {
    let root = try await engine.store.objects(named: [ObjectKey(tenant: .rootTenant, kind: "Tenant", name: "root")]).first
    // What is there from the start is nobody's until somebody states it: manifests may change it, and exports leave it out.
    let origin = Origin(manager: .standard, actor: "system", action: "bootstrap")
    if root == nil {
      let tenant = Intent(
        .create, .key(ObjectKey(tenant: .rootTenant, kind: "Tenant", name: "root")), fields: ["title": "Root"],
        writer: .controller,
        newUID: .rootTenant)
      do { _ = try await engine.write([tenant], origin: origin) } catch let problems as Problems
        where problems.category == .conflict
      {
        // Another replica was first.
      }
    }
    let user = ObjectKey(tenant: .rootTenant, kind: "User", name: owner)
    if try await engine.store.objects(named: [user]).isEmpty {
      do {
        _ = try await engine.write(
          [Intent(.create, .key(user), fields: ["title": "Owner", "role": "owner"], writer: .controller)], origin: origin)
      } catch let problems as Problems where problems.category == .conflict {}
    }
    try await SystemObjects.run(engine, origin: origin)
    try await makeAccount(engine, user, origin)
    try await makeKey(engine, data, origin)
  }

  /// The person behind the owner, who may be given a password by `plumb apply`. Those who were made before accounts get theirs now.
  private static func makeAccount(_ engine: Engine, _ user: ObjectKey, _ origin: Origin) async throws {
    guard let owner = try await engine.store.objects(named: [user]).first, owner.spec["account"]?.string == nil, !owner.deleted
    else {
      return
    }
    let name = "owner"
    let account = Intent(
      .create, .key(ObjectKey(tenant: .rootTenant, kind: "Account", name: name)),
      fields: ["email": .string(Self.owner), "title": "Owner", "emailVerified": true], writer: .controller)
    let link = Intent(.patch, .key(user), fields: ["account": .string(name)], writer: .controller)
    do { _ = try await engine.write([account, link], origin: origin) } catch let problems as Problems
      where problems.category == .conflict || problems.category == .stale
    {
      // Another replica was first.
    }
  }

  /// Refuses a data directory whose key is not the one that the secrets in this database were sealed with.
  static func checkKey(_ store: any StorePort, _ vault: Vault, _ data: DataDirectory) async throws {
    let name = "installation-key"
    let mark = Value.string(Hex.encode(vault.derivedKey("installation")))
    if try await store.value(tenant: .rootTenant, key: name) == nil {
      // False: another replica was first, with its key.
      _ = try await store.putValue(tenant: .rootTenant, key: name, mark, expecting: .some(nil), expires: nil)
    }
    guard try await store.value(tenant: .rootTenant, key: name) == mark else {
      throw Problem(
        .conflict, code: "other_key", "The secrets in this database are sealed with another key than \(data.path)/key.",
        fix: "Copy the file key from the data directory of the server that was here first.")
    }
  }

  /// The key in `admin-token`, unless it works already.
  private static func makeKey(_ engine: Engine, _ data: DataDirectory, _ origin: Origin) async throws {
    let token = data.adminToken ?? randomToken(length: tokenLength)
    let plain = token.hasPrefix("lsk_") ? token : "lsk_" + token
    let key = UniqueKey(rule: 1, value: JSON.canonical([.string(Digest.sha256Hex(Array(plain.utf8)))]), global: true)
    if data.adminToken != nil, !(try await engine.store.holders(tenant: .rootTenant, kind: "ApiKey", keys: [key]).isEmpty) {
      return
    }
    try data.writeAdminToken(plain)
    let name = "admin-" + Hex.encode(secureRandom(4))
    let fields: ObjectMap = [
      "label": "Administration", "authority": "admin", "user": .string(owner), "token": .string(plain), "createdBy": "system",
    ]
    _ = try await engine.write(
      [Intent(.create, .key(ObjectKey(tenant: .rootTenant, kind: "ApiKey", name: name)), fields: fields, writer: .controller)],
      origin: origin)
  }
}
