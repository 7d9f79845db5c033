// GET export: stored objects as manifests that can be applied again.
import Core
import Documents
import HTTPServer
import Identity
import Kinds
import Ports

extension NativeHandler {
  static let mostExported = 100_000

  func export(_ request: NativeRequest) async throws -> HTTPResponse {
    let named = try request.query("kinds").map { text in try text.split(separator: ",").map { try kind(String($0), for: request) }
    }
    if let other = named?.first(where: { !$0.isDeclarable }) {
      throw Problem(
        .invalid, code: "not_declarable", "\(other.name) objects are not stated in manifests.",
        fix: "Name kinds of storage resource.")
    }
    let kinds =
      named
      ?? catalog.kinds.filter { kind in
        kind.isDeclarable && request.mayRead(kind)
          && (request.caller.isOperator || request.home(of: kind) == request.caller.tenant)
      }
    let views = try await callers(of: request)
    let secrets = try request.query("secrets") ?? "kept"
    guard ["kept", "env"].contains(secrets) else {
      throw Problem(.invalid, code: "bad_query", "secrets is kept or env, not \"\(secrets.prefix(40))\".")
    }
    var documents: [String] = []
    for kind in Self.byReference(kinds) {
      let isInTenant = kind.scope == .tenant || kind.scope == .organization
      for caller in isInTenant ? views : [request.caller] {
        let home = isInTenant ? caller.tenant : request.home(of: kind)
        try await self.documents(kind, home, caller, keepsSecrets: secrets == "kept", request, &documents)
      }
    }
    return HTTPResponse(contentType: "application/yaml", Array(documents.joined(separator: "---\n").utf8))
  }

  private func documents(
    _ kind: KindSpec, _ home: UID, _ caller: Caller, keepsSecrets: Bool, _ request: NativeRequest, _ documents: inout [String]
  ) async throws {
    var after: (values: [Value], uid: UID)?
    repeat {
      let query = ObjectQuery(tenant: home, kind: kind.name, sort: [(.name, false)], limit: Self.largestPage, after: after)
      let objects = try await store.list(query).objects
      let names = try await ReferenceNames.read(objects, catalog: catalog, store: store, caller: caller)
      let manifest = ManifestShape(
        kind: kind, shape: ObjectShape(catalog: catalog, names: names, caller: caller), keepsSecrets: keepsSecrets)
      documents += objects.filter { request.maySee($0, kind) }.compactMap(manifest.text)
      after = objects.count == Self.largestPage ? objects.last.map { ([.string($0.name)], $0.uid) } : nil
      guard documents.count <= Self.mostExported else {
        throw Problem(
          .tooLarge, code: "too_large", "There are more than \(Self.mostExported) objects.", fix: "Export some kinds only.")
      }
    } while after != nil
  }

  /// The caller, or with `allTenants` the caller as seen from each tenant, by name: so references within it are names alone.
  private func callers(of request: NativeRequest) async throws -> [Caller] {
    guard try request.flag("allTenants") else { return [request.caller] }
    guard request.caller.isOperator else {
      throw Problem(.denied, code: "denied", "Only operators may export all tenants.", fix: "Leave out allTenants.")
    }
    return try await store.list(
      ObjectQuery(
        tenant: .rootTenant, kind: "Tenant", sort: [(.name, false)], limit: Self.mostExported, wantsOwners: false,
        wantsStatus: false)
    ).objects.map { tenant in
      var caller = request.caller
      caller.tenant = tenant.uid
      caller.tenantName = tenant.name
      return caller
    }
  }

  /// Kinds after those that they refer to, else by name.
  static func byReference(_ kinds: [KindSpec]) -> [KindSpec] {
    var sorted: [KindSpec] = []
    var done: Set<String> = []
    func visit(_ kind: KindSpec) {
      guard done.insert(kind.name).inserted else { return }
      for other in targets(kind.fields).sorted() { if let next = kinds.first(where: { $0.name == other }) { visit(next) } }
      sorted.append(kind)
    }
    for kind in kinds.sorted(by: { $0.name < $1.name }) { visit(kind) }
    return sorted
  }

  private static func targets(_ fields: [FieldSpec]) -> [String] {
    fields.flatMap { [$0.reference?.kind].compactMap { $0 } + targets($0.fields) + targets($0.items) }
  }
}

/// One object as a manifest: what its manager states, without what the server adds.
private struct ManifestShape {
  let kind: KindSpec
  let shape: ObjectShape
  /// Secrets are told as what the server keeps; else as variables of the shell that applies.
  let keepsSecrets: Bool

  /// Nil for an object that only controllers made, or that is going.
  func text(_ object: StoredObject) -> String? {
    let stated = object.owners.values.contains { owner in
      switch owner.manager {
      case .set, .api: true
      case .controller, .standard: false
      }
    }
    if object.deleting != nil || (!object.owners.isEmpty && !stated) { return nil }
    var spec = ObjectMap()
    var secrets: [String] = []
    for field in kind.fields where field.writer == .any && field.name != kind.identityField && field.computed == nil {
      guard let value = object.spec[field.name], !value.isNull, field.required || isStated(field, object) else { continue }
      let shown = shape.value(value, field)
      if field.secret != nil {
        // It stays where it is: whoever applies this need not know it.
        spec[field.name] =
          keepsSecrets
          ? ["secret": .string(object.label), "key": .string(field.name)] : ["env": .string(variable(field, object))]
      } else if Self.holdsSecret(shown) {
        secrets.append(field.name)
      } else {
        spec[field.name] = shown
      }
    }
    var metadata: ObjectMap = [:]
    if kind.scope == .tenant || kind.scope == .organization { metadata["tenant"] = .string(shape.tenantName(object.tenant)) }
    metadata["name"] = .string(object.name)
    if !object.labels.isEmpty { metadata["labels"] = ObjectShape.labels(object.labels) }
    if object.protected { metadata["protect"] = true }
    let manifest: Value = [
      "apiVersion": .string(kind.apiVersion), "kind": .string(kind.name), "metadata": .object(metadata), "spec": .object(spec),
    ]
    return YAMLWriter.write(manifest)
      + secrets.map { "# spec.\($0) is kept by the server; state it as {env: NAME} or {file: PATH}\n" }.joined()
  }

  /// `PLUMB_ACME_ENVVAR_KEY_SECRETVALUE`
  private func variable(_ field: FieldSpec, _ object: StoredObject) -> String {
    let isInTenant = kind.scope == .tenant || kind.scope == .organization
    let words = ["plumb", isInTenant ? shape.tenantName(object.tenant) : "", kind.name, object.name, field.name]
    return words.filter { !$0.isEmpty }.joined(separator: "_").uppercased().map {
      $0.isASCII && ($0.isLetter || $0.isNumber) ? String($0) : "_"
    }
    .joined()
  }

  /// Somebody said so: no default, and nothing that was minted.
  private func isStated(_ field: FieldSpec, _ object: StoredObject) -> Bool {
    let owners = object.owners.filter {
      $0.key == field.name || $0.key.hasPrefix(field.name + ".") || $0.key.hasPrefix(field.name + "[")
    }
    if owners.isEmpty { return field.generate == nil }
    return owners.values.contains { owner in
      switch owner.manager {
      case .set, .api: true
      case .controller, .standard: false
      }
    }
  }

  private static func holdsSecret(_ value: Value) -> Bool {
    switch value {
    case .list(let items): items.contains(where: holdsSecret)
    case .object(let map): map.has("$secret") || map.values.contains(where: holdsSecret)
    default: false
    }
  }
}
