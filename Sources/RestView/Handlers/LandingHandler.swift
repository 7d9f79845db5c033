// `landing`: a page for people who open the API's address in a browser.
import Core
import HTTPServer

struct LandingHandler: RouteHandler {
  let name = "landing"

  func handle(_ context: RequestContext) async throws -> HandlerResult {
    let family = context.route.family.spec
    let page = """
      <!doctype html>
      <html lang="en"><head><meta charset="utf-8"><title>\(Self.escaped(family.name)) API</title></head>
      <body><h1>\(Self.escaped(family.name)) API</h1><p>\(Self.escaped(family.doc))</p>
      <p>Version \(Self.escaped(family.version)).
      <a href="\(Self.escaped(family.base))/openapi.json">OpenAPI document</a></p></body></html>

      """
    return .response(HTTPResponse(contentType: "text/html; charset=utf-8", Array(page.utf8)))
  }

  static func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;").replacing("\"", with: "&quot;")
  }
}
