// Verbs query and handler: an answer without a target, from lets and constants, or from Swift by name.
import Core
import Expressions
import HTTPServer

extension RouteExecutor {
  mutating func query() async throws -> HTTPResponse {
    try AuthGate(services: services, route: route).permit(context.caller, target: nil)
    try await readLets(nil)
    try checkUnless(nil)
    try await audit(nil, route.kind)
    return try await answer(nil, kind: nil, template: family.item)
  }

  mutating func handler() async throws -> HTTPResponse {
    try AuthGate(services: services, route: route).permit(context.caller, target: nil)
    try await readLets(nil)
    try checkUnless(nil)
    guard let handler = services.handlers[spec.handler ?? ""] else { throw Self.missing }
    switch try await handler.handle(context) {
    case .response(var response):
      for (name, value) in family.standardHeaders where !response.headers.contains(name) && name != "Content-Type" {
        response.headers.add(name, value)
      }
      family.addHeaders(to: &response, requestID: context.requestID)
      return response
    case .value(let value):
      if route.isReply {
        var names = context.names
        names["result"] = CELValue(value)
        return try await answer(nil, kind: nil, template: family.item, names: names)
      }
      return response(status: spec.status, body: enveloped(JSON.write(value), family.item))
    }
  }
}
