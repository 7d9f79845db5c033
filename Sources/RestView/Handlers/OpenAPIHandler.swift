// `openapi`: the family's OpenAPI document under a path of the family's own.
import Core
import HTTPServer

struct OpenAPIHandler: RouteHandler {
  let name = "openapi"

  func handle(_ context: RequestContext) async throws -> HandlerResult {
    guard let document = context.services.documents.bytes(family: context.route.spec.family) else { throw RouteExecutor.missing }
    return .response(HTTPResponse(contentType: "application/json", document))
  }
}
