// GET kinds, GET kinds/{kind}.
import Core
import HTTPServer
import Kinds

extension NativeHandler {
  func kinds(_ request: NativeRequest) -> HTTPResponse {
    let items = KindPages.shown(catalog).map { kind in
      var map = KindShape.summary(kind)
      map["readable"] = .bool(request.mayRead(kind))
      return Value.object(map)
    }
    return NativeAnswer.json(["items": .list(items)])
  }

  func explain(_ request: NativeRequest) throws -> HTTPResponse {
    NativeAnswer.json(try KindPages.page(request.path[1], catalog))
  }
}
