// The names that expressions of routes may read besides an object's fields.

enum RequestNames {
  /// Given by every request; they go before fields of the same name.
  static let firm: Set<String> = ["self", "old", "caller", "now", "path", "query", "body", "args"]
  /// Given by requests too, but a field of the object at hand goes before them.
  static let soft: Set<String> = [
    "server", "family", "requestId", "target", "once", "item", "kind", "action", "items", "total", "limit", "offset", "result",
    "row", "count",
  ]
  /// What every program of a route may read.
  static let request: Set<String> = [
    "old", "caller", "now", "path", "query", "body", "args", "server", "family", "requestId", "target", "once",
  ]
  /// What the reply of a list may read besides.
  static let list: Set<String> = ["items", "total", "limit", "offset"]
  /// What the reply of a bulk may read besides.
  static let bulk: Set<String> = ["items", "total", "count"]
  /// What the reply of a handler may read besides.
  static let handler: Set<String> = ["result"]
  /// What answers made of SQL rows may read besides: the row at hand, in the view of a list.
  static let rows: Set<String> = ["row"]
  /// The parameter, in the predicate of a filter.
  static let filterValue = "value"
  /// Types as values; they are no fields.
  static let types: Set<String> = [
    "bool", "int", "uint", "double", "string", "bytes", "list", "map", "null_type", "type", "optional_type",
  ]

  /// Names of the request that stand for themselves in a program over objects of `kind`.
  static func constants(_ names: Set<String>, kind: (String) -> Bool) -> Set<String> {
    names.filter { !soft.contains($0) || !kind($0) }
  }
}
