// Who calls, and whether the route lets them: credentials, tenant, permissions that need no target, rate.
import Core
import Expressions
import HTTPServer
import Identity
import Kinds
import Planning
import Ports
import Reconciling

struct AuthGate {
  /// Longest credential or tenant name that is looked at, in bytes.
  private static let credentialLimit = 4096
  static let tenantLimit = 100

  let services: RestServices
  let route: ServedRoute

  /// The caller; nil for a route without authentication. Throws a Problem.
  func caller(_ request: HTTPRequest) async throws -> Caller? {
    guard let scheme = route.scheme else { return nil }
    let tenant = try tenantName(request)
    guard let token = credential(request, scheme) else {
      if scheme.from.contains("none") { return nil }
      throw Problem(.unauthenticated, code: ProblemCode.unauthenticated, "A credential is needed.", fix: hint(scheme))
    }
    // The handler checks it over the body's bytes; nobody is the caller.
    if scheme.accepts.contains("signature") { return nil }
    let word = TokenIssuer.looksLikeToken(token) ? "accessToken" : "apiKey"
    guard scheme.accepts.isEmpty || scheme.accepts.contains(word) else {
      throw Problem(.unauthenticated, code: ProblemCode.unauthenticated, "This kind of credential is not taken here.")
    }
    let caller = try await services.auth.authenticate(
      Credential(token: token, tenant: tenant, remoteAddress: request.remoteAddress, realms: scheme.realms))
    if route.family.spec.tenantRequired, scheme.needsTenant, tenant == nil, caller.authority != "admin" {
      throw tenantRequired("The header \(route.family.spec.tenantHeader ?? "") is missing.")
    }
    return caller
  }

  private func tenantRequired(_ message: String) -> Problem {
    Problem(.invalid, code: ProblemCode.tenantRequired, message, fix: "Name the tenant that the call acts in.")
  }

  private func tenantName(_ request: HTTPRequest) throws -> String? {
    guard let header = route.family.spec.tenantHeader, let name = request.headers[header] else { return nil }
    let isName = name.utf8.allSatisfy {
      (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || $0 == UInt8(ascii: "-")
        || $0 == UInt8(ascii: "_")
        || $0 == UInt8(ascii: ".")
    }
    guard !name.isEmpty, name.utf8.count <= Self.tenantLimit, isName else {
      throw tenantRequired("The header \(header) holds no id or name of a tenant.")
    }
    return name
  }

  private func credential(_ request: HTTPRequest, _ scheme: FamilySpec.AuthScheme) -> String? {
    for place in scheme.from {
      var token: String?
      if place == "bearer" {
        token = request.headers["Authorization"].flatMap(Self.bearer)
      } else if place.hasPrefix("header:") {
        token = request.headers[String(place.dropFirst(7))]
      } else if place.hasPrefix("query:") {
        token = (try? QueryReader(request.query))?[String(place.dropFirst(6))]
      }
      if let token, !token.isEmpty, token.utf8.count <= Self.credentialLimit { return token }
    }
    return nil
  }

  /// What follows `Bearer `, in any case.
  private static func bearer(_ header: String) -> String? {
    let word = "bearer ".utf8
    let bytes = header.utf8
    guard bytes.count > word.count, zip(bytes, word).allSatisfy({ $0 | 0x20 == $1 }) else { return nil }
    return String(Substring(bytes.dropFirst(word.count)))
  }

  private func hint(_ scheme: FamilySpec.AuthScheme) -> String {
    let places = scheme.from.compactMap { place -> String? in
      if place == "bearer" { return "the header Authorization: Bearer TOKEN" }
      if place.hasPrefix("header:") { return "the header \(place.dropFirst(7))" }
      return place.hasPrefix("query:") ? "the parameter \(place.dropFirst(6))" : nil
    }
    return "Send \(places.joined(separator: " or "))."
  }

  /// Throws when the route's bucket is empty.
  func limit(_ request: HTTPRequest, _ caller: Caller?) async throws {
    guard let limit = route.limit else { return }
    let who = caller.map { $0.key?.description ?? $0.account?.description ?? $0.actor } ?? "address:\(request.remoteAddress)"
    guard let seconds = await services.limiter.take("\(route.spec.id)/\(who)", count: limit.count, window: limit.window) else {
      return
    }
    throw Problem(
      .limited, code: ProblemCode.limited, "Too many requests.", fix: "Try again in \(seconds) s.",
      details: ["retryAfter": .int(seconds), "rateLimit": .int(limit.count)])
  }

  /// Throws when the plan of the caller's tenant lacks a feature that the route needs. The root tenant needs no plan.
  func entitled(_ caller: Caller?) async throws {
    guard !route.spec.entitlements.isEmpty, let tenant = caller?.tenant, tenant != .rootTenant else { return }
    let grants = try await GrantReader.grants(of: tenant, store: services.store, catalog: services.catalog)
    for key in route.spec.entitlements { if let problem = grants.problem(key, least: nil) { throw problem } }
  }

  /// The permissions that can be decided without the target, in the order of the spec.
  func permit(_ caller: Caller?) throws {
    if route.permissions.isEmpty { return }
    if let caller, let known = services.memo.answer(route: route.index, caller: caller) {
      if let denied = known { throw denied }
      return
    }
    var denied: Problem?
    for permission in route.permissions where !permission.readsTarget && denied == nil {
      if !holds(permission, caller, target: nil) { denied = Self.denied(permission.name) }
    }
    if let caller { services.memo.keep(denied, route: route.index, caller: caller) }
    if let denied { throw denied }
  }

  /// The permissions that look at the target.
  func permit(_ caller: Caller?, target: ObjectValue?) throws {
    for permission in route.permissions where permission.readsTarget {
      if !holds(permission, caller, target: target) { throw Self.denied(permission.name) }
    }
  }

  private func holds(_ permission: ServedRoute.Permission, _ caller: Caller?, target: ObjectValue?) -> Bool {
    let names: [String: CELValue] = [
      "caller": caller.map { CELValue($0.value) } ?? .null, "kind": .string(route.kind?.name ?? ""),
      "action": .string(route.action),
      "mayRead": .bool(caller?.may("read", route.kind?.name ?? "") ?? false),
      "mayWrite": .bool(caller?.may(route.action == "read" ? "write" : route.action, route.kind?.name ?? "") ?? false),
      "target": target.map { .object($0) } ?? .null, "now": FieldConversion.expression(services.clock.now()),
    ]
    return (try? permission.program.evaluate(RouteScope(names)).get())?.truth == true
  }

  private static func denied(_ name: String) -> Problem {
    Problem(.denied, code: ProblemCode.denied, "You may not do this: the permission \"\(name)\" is missing.")
  }
}
