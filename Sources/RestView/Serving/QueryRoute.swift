// Verb query: an answer without a target, from lets and constants.
import Core
import Expressions
import HTTPServer

extension RouteExecutor {
  mutating func query() async throws -> HTTPResponse {
    try AuthGate(services: services, route: route).permit(context.caller, target: nil)
    try await readLets(nil)
    try checkUnless(nil)
    try await audit(nil, route.kind)
    if let sql = spec.sql { return try await query(sql) }
    return try await answer(nil, kind: nil, template: family.item)
  }
}
