// `landing`: a page for people who open the API's address in a browser.
import Core
import Ports

struct LandingHandler: OperationHandler {
  let name = "landing"

  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    guard let family = ports.catalog.families.first(where: { $0.name == call.family }) else { return .none }
    let page = """
      <!doctype html>
      <html lang="en"><head><meta charset="utf-8"><title>\(Self.escaped(family.name)) API</title></head>
      <body><h1>\(Self.escaped(family.name)) API</h1><p>\(Self.escaped(family.doc))</p>
      <p>Version \(Self.escaped(family.version)).
      <a href="\(Self.escaped(family.base))/openapi.json">OpenAPI document</a></p></body></html>

      """
    return OperationReply(.bytes(Array(page.utf8), type: "text/html; charset=utf-8"))
  }

  static func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;").replacing("\"", with: "&quot;")
  }
}
