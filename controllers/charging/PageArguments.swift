// page and pageSize of a list that Swift answers, and the family's shape of a page.
import Core
import Ports

struct PageArguments {
  static let standard = 20
  static let most = 500
  /// Pages beyond this many items cost more than they are worth.
  static let offsetLimit = 1_000_000

  let page: Int
  let size: Int

  init(_ call: OperationCall) {
    page = call.args["page"]?.int ?? 1
    size = min(max(call.args["pageSize"]?.int ?? Self.standard, 0), Self.most)
  }

  var offset: Int {
    let (product, overflow) = max(0, page - 1).multipliedReportingOverflow(by: size)
    return overflow ? Self.offsetLimit : min(product, Self.offsetLimit)
  }

  func shown(_ items: [Value], total: Int) -> Value {
    ["content": .list(items), "pagination": ["totalCount": .int(total), "page": .int(page), "size": .int(size)]]
  }
}
