// A family with its templates compiled, ready to answer.
import Core
import HTTPServer
import Kinds

final class ServedFamily: Sendable {
  let spec: FamilySpec
  let ids: IDCodec
  let errors: ErrorWriter
  let item: Template
  let list: Template
  let created: Template
  let deleted: Template
  let version: String
  /// Headers of every answer that never change.
  let standardHeaders: HTTPHeaders
  private let headers: [(name: String, template: TextTemplate)]

  init(spec: FamilySpec, catalog: KindCatalog, version: String) {
    self.spec = spec
    self.version = version
    ids = IDCodec(family: spec, catalog: catalog)
    errors = ErrorWriter(family: spec, version: version)
    item = Template(spec.envelope.item)
    list = Template(spec.envelope.list)
    created = Template(spec.envelope.created)
    deleted = Template(spec.envelope.deleted)
    var constant: HTTPHeaders = ["Content-Type": "application/json"]
    var open: [(String, TextTemplate)] = []
    for (name, source) in spec.headers {
      let template = TextTemplate(source)
      let text = template.text { $0 == .version ? version : nil }
      if let text { constant.add(name, text) } else { open.append((name, template)) }
    }
    standardHeaders = constant
    headers = open
  }

  /// Adds the family's headers that differ from answer to answer.
  func addHeaders(to response: inout HTTPResponse, requestID: String, total: Int? = nil) {
    for (name, template) in headers where !response.headers.contains(name) {
      let text = template.text { hole in
        switch hole {
        case .requestId: requestID
        case .version: version
        case .total: total.map(String.init)
        default: nil
        }
      }
      if let text { response.headers.add(name, text) }
    }
  }

  /// An answer in the family's error shape, with the family's headers.
  func refusal(_ problems: Problems, route: RouteSpec? = nil, requestID: String) -> HTTPResponse {
    var response = errors.response(problems, route: route, requestID: requestID)
    for (name, value) in standardHeaders where name != "Content-Type" { response.headers.add(name, value) }
    addHeaders(to: &response, requestID: requestID)
    return response
  }
}
