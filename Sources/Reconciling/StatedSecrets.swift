// What manifests write instead of secrets: every one must lead to a value, sent by the client or stored already.
import Core
import Identity
import Kinds
import Manifests
import Ports

/// `{secret: Kind/name, key: field}` takes over what an object of the same tenant keeps in that field, its own included: so an
/// export can be applied again without anybody knowing the secret.
struct StatedSecrets {
  private(set) var problems: [Problem] = []
  /// Plain text or stored form, by `SecretReference.key`.
  private var values: [String: Value] = [:]

  static func resolve(_ manifests: [Manifest], sent: [String: String], tenants: TenantNames, engine: Engine, caller: Caller)
    async throws -> Self
  {
    var result = StatedSecrets()
    var wanted: [(manifest: Manifest, secret: SecretReference, key: ObjectKey, field: String)] = []
    for manifest in manifests {
      for secret in manifest.secrets {
        switch secret.source {
        case .environment(let variable) where sent[secret.key] == nil:
          result.fault(
            manifest, secret, "the environment variable \(variable) is not set where the apply was started",
            "Set it, and apply again.")
        case .file(let path) where sent[secret.key] == nil:
          result.fault(
            manifest, secret, "the file \(path) cannot be read where the apply was started",
            "Its path is relative to the manifest.")
        case .environment, .file: break
        case .stored(let name, let field):
          let parts = name.split(separator: "/", maxSplits: 1).map(String.init)
          guard parts.count == 2, let kind = engine.catalog.kind(parts[0]), kind.field(field)?.secret != nil,
            caller.may("read", kind.name),
            // Secrets of the platform are the operators'.
            kind.scope == .tenant || kind.scope == .organization || caller.isOperator,
            let tenant = tenants.uid(of: manifest)
          else {
            result.fault(manifest, secret, "\(name) keeps no secret \(field)", fix)
            continue
          }
          wanted.append(
            (manifest, secret, ObjectKey(tenant: engine.home(kind.name, tenant), kind: kind.name, name: parts[1]), field))
        }
      }
    }
    if !wanted.isEmpty { try await result.read(wanted, engine) }
    return result
  }

  /// The fields with stored secrets in their places.
  func fill(_ fields: ObjectMap, of manifest: Manifest) -> ObjectMap {
    if values.isEmpty { return fields }
    var filled = fields
    for secret in manifest.secrets {
      guard let value = values[secret.key] else { continue }
      filled[Self.field(secret)] = value
    }
    return filled
  }

  private static let fix = "Write {secret: Kind/name, key: field} for a secret that is stored, {env: VARIABLE} or {file: PATH}."

  private mutating func read(
    _ wanted: [(manifest: Manifest, secret: SecretReference, key: ObjectKey, field: String)], _ engine: Engine
  ) async throws {
    var stored: [ObjectKey: StoredObject] = [:]
    for object in try await engine.store.objects(named: Array(Set(wanted.map(\.key)))) where !object.deleted {
      stored[ObjectKey(tenant: object.tenant, kind: object.kind, name: object.name)] = object
    }
    for (manifest, secret, key, field) in wanted {
      guard let object = stored[key], let value = object.spec[field], let kind = engine.catalog.kind(key.kind) else {
        fault(manifest, secret, "\(key.kind)/\(key.name) keeps no secret \(field)", Self.fix)
        continue
      }
      let target = Self.field(secret)
      if kind.name == manifest.kind.name, field == target {
        values[secret.key] = value
      } else if manifest.kind.field(target)?.secret != nil,
        let plain = try engine.opening.open([field: value], kind: kind)[field]?.string
      {
        values[secret.key] = .string(plain)
      } else {
        fault(
          manifest, secret, "the secret \(field) of \(key.kind)/\(key.name) cannot be used here: it is kept only to be compared",
          Self.fix)
      }
    }
  }

  /// Only secrets that are fields of their own can be taken over.
  private static func field(_ secret: SecretReference) -> String { String(secret.pointer.dropFirst("/spec/".count)) }

  private mutating func fault(_ manifest: Manifest, _ secret: SecretReference, _ message: String, _ fix: String) {
    problems.append(
      Problem(
        .invalid, code: "secret_missing", message.prefix(1).uppercased() + message.dropFirst() + ".", place: secret.place,
        pointer: secret.pointer,
        object: manifest.object, fix: fix))
  }
}
