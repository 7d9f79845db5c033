// The short way of a get whose answer depends on nothing but the tenant's data.
import Core
import HTTPServer
import Identity
import Kinds

enum CachedGet {
  /// The cached answer; nil when there is none, and the long way must be taken.
  static func answer(
    _ request: HTTPRequest, _ requestID: String, _ route: ServedRoute, _ parameters: [String], _ caller: Caller?, _ services: RestServices
  ) async throws -> HTTPResponse? {
    guard let kind = route.kind, let key = key(route, kind, parameters, caller) else { return nil }
    let position: Int
    if let known = services.positions.confirmed(key.tenant) { position = known } else { position = try await services.positions.current(key.tenant) }
    guard let data = services.cache.bytes(key, position: position, now: services.clock.now()) else { return nil }
    return respond(data, requestID, route, position: position)
  }

  static func key(_ route: ServedRoute, _ kind: KindSpec, _ parameters: [String], _ caller: Caller?) -> ViewCache.Key? {
    guard route.isCacheable, let at = route.targetParameter, case .uid(let uid)? = IDCodec.read(parameters[at], style: route.targetStyle)
    else { return nil }
    let home: UID = kind.scope == .platform || kind.scope == .shared ? .rootTenant : caller?.tenant ?? .rootTenant
    return ViewCache.Key(route: route.index, tenant: home, uid: uid)
  }

  private static func respond(_ data: [UInt8], _ requestID: String, _ route: ServedRoute, position: Int) -> HTTPResponse {
    let family = route.family
    var body = data
    if route.spec.envelope == nil, !family.item.isPlain {
      body = []
      body.reserveCapacity(data.count + 128)
      family.item.write(to: &body) { hole, out in
        switch hole {
        case .data: out.append(contentsOf: data)
        case .requestId: JSON.write(requestID, to: &out)
        case .version: JSON.write(family.version, to: &out)
        case .status: JSON.write(route.spec.status, to: &out)
        default: out.append(contentsOf: "null".utf8)
        }
      }
    }
    var response = HTTPResponse(status: route.spec.status, headers: family.standardHeaders, body: .bytes(body))
    family.addHeaders(to: &response, requestID: requestID)
    response.headers.add(PositionHeader.name, String(position))
    return response
  }
}
