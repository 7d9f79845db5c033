// Plain secrets in intents become their stored form before anything else sees them.
import Core
import Kinds
import Planning
import Ports

struct SecretIntake: Sendable {
  let catalog: KindCatalog
  let sealing: any SecretSealing
  let minting: any Minting
  let reads: any ReadPort

  /// Passwords are hashed on threads of their own, so this waits.
  func prepare(_ intents: [Intent]) async throws -> [Intent] {
    var prepared = try await keepingPasswords(intents)
    for at in prepared.indices {
      guard let kind = catalog.kind(prepared[at].kind), kind.fields.contains(where: Self.holdsSecret) else { continue }
      for field in kind.fields {
        guard let value = prepared[at].fields[field.name] else { continue }
        prepared[at].fields[field.name] = try await prepare(value, field, context: "\(kind.name).\(field.name)")
      }
    }
    return prepared
  }

  /// A manifest that states the password which is stored changes nothing: two hashes of one password differ, so it is tried against the
  /// stored one.
  private func keepingPasswords(_ intents: [Intent]) async throws -> [Intent] {
    var asked: [(at: Int, key: ObjectKey, field: String, plain: String)] = []
    for (at, intent) in intents.enumerated() {
      guard intent.operation == .apply, case .key(let key) = intent.target, let kind = catalog.kind(intent.kind) else { continue }
      for field in kind.fields where field.secret == .password {
        if let plain = intent.fields[field.name]?.string { asked.append((at, key, field.name, plain)) }
      }
    }
    if asked.isEmpty { return intents }
    var kept = intents
    let found = try await reads.objects(named: Array(Set(asked.map(\.key)))).filter { !$0.deleted }
    for (at, key, field, plain) in asked {
      let object = found.first { $0.tenant == key.tenant && $0.kind == key.kind && $0.name == key.name }
      guard let stored = object?.spec[field], let hash = stored["$password"].string,
        try await sealing.verifyPassword(plain, hash: hash)
      else { continue }
      kept[at].fields[field] = stored
    }
    return kept
  }

  static func holdsSecret(_ field: FieldSpec) -> Bool {
    field.secret != nil || field.fields.contains(where: holdsSecret) || field.items.contains(where: holdsSecret)
  }

  private func prepare(_ value: Value, _ field: FieldSpec, context: String) async throws -> Value {
    if let storage = field.secret {
      guard let plain = value.string else { return value }
      switch storage {
      case .hash: return minting.hash(plain)
      case .sealed: return try minting.seal(plain, context: context)
      case .password: return ["$password": .string(try await sealing.hashPassword(plain))]
      }
    }
    guard Self.holdsSecret(field) else { return value }
    switch value {
    case .list(let items):
      guard let of = field.of else { return value }
      var out: [Value] = []
      for item in items { out.append(try await prepare(item, of, context: context)) }
      return .list(out)
    case .object(var map):
      for (key, item) in map {
        guard let shape = field.type == .map ? field.of : field.fields.first(where: { $0.name == key }) else { continue }
        map[key] = try await prepare(item, shape, context: "\(context).\(field.type == .map ? "*" : key)")
      }
      return .object(map)
    default: return value
    }
  }
}

/// The way back: sealed values opened under the same names, for controllers and services.
struct SecretOpening: Sendable {
  let sealing: any SecretSealing

  func open(_ spec: ObjectMap, kind: KindSpec) throws -> ObjectMap {
    guard kind.fields.contains(where: SecretIntake.holdsSecret) else { return spec }
    var opened = spec
    for field in kind.fields {
      if let value = spec[field.name] {
        opened[field.name] = try open(value, field, context: "\(kind.name).\(kind.sealedName(field))")
      }
    }
    return opened
  }

  private func open(_ value: Value, _ field: FieldSpec, context: String) throws -> Value {
    if field.secret != nil {
      guard let sealed = value["$sealed"].string else { return value }
      return .string(try sealing.open(sealed, context: context))
    }
    guard SecretIntake.holdsSecret(field) else { return value }
    switch value {
    case .list(let items):
      return field.of.map { of in .list((try? items.map { try open($0, of, context: context) }) ?? items) } ?? value
    case .object(var map):
      for (key, item) in map {
        guard let shape = field.type == .map ? field.of : field.fields.first(where: { $0.name == key }) else { continue }
        map[key] = try open(item, shape, context: "\(context).\(field.type == .map ? "*" : key)")
      }
      return .object(map)
    default: return value
    }
  }
}
