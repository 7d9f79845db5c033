// GET kinds, GET kinds/{kind}.
import Core
import HTTPServer
import Kinds

extension NativeHandler {
  func kinds(_ request: NativeRequest) -> HTTPResponse {
    let items = catalog.kinds.filter { !$0.retired }.sorted { $0.name < $1.name }.map { kind in
      var map = KindShape.summary(kind)
      map["readable"] = .bool(request.mayRead(kind))
      return Value.object(map)
    }
    return NativeAnswer.json(["items": .list(items)])
  }

  func explain(_ request: NativeRequest) throws -> HTTPResponse {
    let kind = try KindNames.find(request.path[1], in: catalog)
    return NativeAnswer.json(KindShape.whole(kind, catalog: catalog))
  }
}
