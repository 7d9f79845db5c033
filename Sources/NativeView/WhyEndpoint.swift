// GET objects/{kind}/{name}/why: the shortest chain of references from an object that is not ready to the first cause.
import Core
import HTTPServer
import Kinds
import Ports

extension NativeHandler {
  func why(_ request: NativeRequest) async throws -> HTTPResponse {
    let (object, _) = try await object(request)
    let chain = try await WhyWalk(catalog: catalog, store: store, caller: request.caller).chain(from: object)
    let lines = chain.isEmpty ? ["\(object.label) is ready"] : chain.map(WhyWalk.line)
    return NativeAnswer.json([
      "ready": .bool(chain.isEmpty), "lines": .list(lines.map(Value.string)),
      "chain": .list(
        chain.map { link in
          let reason = Readiness.reason(link)
          var map: ObjectMap = [
            "kind": .string(link.kind), "name": .string(link.name), "uid": .string(link.uid.description),
            "reason": .string(reason.reason),
            "message": .string(reason.message),
          ]
          if let since = reason.since { map["since"] = .string(since.description) }
          if let place = WhyWalk.place(link) {
            map["file"] = .string(place.file)
            map["line"] = .int(place.line)
          }
          return .object(map)
        }),
    ])
  }
}
