// The short way of a get or list whose answer depends on nothing but the tenant's data and the request's own words.
import Core
import Crypto
import HTTPServer
import Identity
import Kinds
import Ports

enum CachedAnswer {
  /// Longer queries are answered the long way.
  private static let queryLimit = 1024

  /// The cached answer; nil when there is none, and the long way must be taken.
  static func find(
    _ request: HTTPRequest, _ requestID: String, _ route: ServedRoute, _ parameters: [String], _ caller: Caller?,
    _ services: RestServices
  ) async throws -> HTTPResponse? {
    guard let kind = route.kind, let key = key(route, kind, parameters, query: request.query, caller) else { return nil }
    let position: Int
    if let known = services.positions.confirmed(key.tenant) {
      position = known
    } else {
      position = try await services.positions.current(key.tenant)
    }
    guard let data = services.cache.bytes(key, position: position, now: services.clock.now()) else { return nil }
    let family = route.family
    let body = enveloped(data, route, requestID)
    var response = HTTPResponse(status: route.spec.status, headers: family.standardHeaders, body: .bytes(body))
    family.addHeaders(to: &response, requestID: requestID)
    response.headers.add(PositionHeader.name, String(position))
    return response
  }

  /// What an answer is kept under: the object's id, or what the request says of the list. Nil when it is not kept.
  static func key(_ route: ServedRoute, _ kind: KindSpec, _ parameters: [String], query: String?, _ caller: Caller?) -> ViewCache
    .Key?
  {
    guard route.isCacheable else { return nil }
    let home: UID = kind.scope == .platform || kind.scope == .shared ? .rootTenant : caller?.tenant ?? .rootTenant
    if route.spec.verb == .list {
      let query = query ?? ""
      guard query.utf8.count <= queryLimit else { return nil }
      return ViewCache.Key(route: route.index, tenant: home, uid: digest(parameters, query))
    }
    guard let at = route.targetParameter, case .uid(let uid)? = IDCodec.read(parameters[at], style: route.targetStyle) else {
      return nil
    }
    return ViewCache.Key(route: route.index, tenant: home, uid: uid)
  }

  private static func digest(_ parameters: [String], _ query: String) -> UID {
    var text: [UInt8] = []
    for parameter in parameters {
      text.append(contentsOf: parameter.utf8)
      text.append(0)
    }
    text.append(contentsOf: query.utf8)
    let digest = Digest.sha256(text)
    func word(_ range: Range<Int>) -> UInt64 { digest[range].reduce(0) { $0 << 8 | UInt64($1) } }
    return UID(high: word(0..<8), low: word(8..<16))
  }

  /// Only envelopes that add nothing of the page are kept apart from it; see `RouteCompiler`.
  private static func enveloped(_ data: [UInt8], _ route: ServedRoute, _ requestID: String) -> [UInt8] {
    if route.spec.envelope == "none" { return data }
    var body: [UInt8] = []
    body.reserveCapacity(data.count + 128)
    if let name = route.spec.envelope {
      body.append(UInt8(ascii: "{"))
      JSON.write(name, to: &body)
      body.append(UInt8(ascii: ":"))
      body.append(contentsOf: data)
      body.append(UInt8(ascii: "}"))
      return body
    }
    let template = route.spec.verb == .list && !route.isReply ? route.family.list : route.family.item
    if template.isPlain { return data }
    template.write(to: &body) { hole, out in
      switch hole {
      case .data, .items: out.append(contentsOf: data)
      case .requestId: JSON.write(requestID, to: &out)
      case .version: JSON.write(route.family.version, to: &out)
      case .status: JSON.write(route.spec.status, to: &out)
      default: out.append(contentsOf: "null".utf8)
      }
    }
    return body
  }

  /// Envelopes with these holes alone can be laid around kept bytes.
  static let stableHoles: Set<TemplateHole> = [.data, .items, .requestId, .version, .status]
}
