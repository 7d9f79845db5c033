// Many counts that differ only in the text one field equals: one grouped statement instead of one sub-select for each.
import Core
import Kinds
import Ports

/// What a page of views asks: how many objects refer to each of these.
struct GroupedCounts {
  let query: ObjectQuery
  let path: FieldPath
  /// In the order of the queries.
  let values: [String]

  /// Nil when the queries differ in more than one text, or the field cannot be grouped by.
  init?(_ queries: [ObjectQuery]) {
    guard queries.count > 1, let first = queries.first, case .compare(let path, .equal, .string) = first.predicate else {
      return nil
    }
    var values: [String] = []
    values.reserveCapacity(queries.count)
    for query in queries {
      guard query.tenant == first.tenant, query.kind == first.kind, query.includeDeleted == first.includeDeleted,
        case .compare(path, .equal, .string(let text)) = query.predicate
      else { return nil }
      values.append(text)
    }
    self.query = first
    self.path = path
    self.values = values
  }

  /// The statement, with the field's text and the count in each row; nil where equal values may be spelled in several ways.
  func statement(_ kinds: KindDictionary, _ locator: ObjectLocator) -> (sql: String, parameters: [Parameter])? {
    var b = StatementBuilder()
    let key: String
    switch locator.column(path, &b) {
    case .text(let sql): key = sql
    case .slot(let sql, _):
      guard values.allSatisfy({ $0.unicodeScalars.count < KindDictionary.slotCharacters }) else { return nil }
      key = sql
    case .json(let sql, let type) where type == nil || type == .string: key = "(\(sql) #>> '{}')"
    default: return nil
    }
    var query = query
    query.predicate = .among(path, Set(values).sorted().map { .string($0) })
    let tenant = b.bind(.uid(query.tenant), "uuid")
    let filter = PostgresStore.filter(query, kinds, locator, tenant: tenant, &b)
    return ("SELECT \(key), count(*) FROM \(ObjectRow.join) WHERE \(filter) GROUP BY 1", b.parameters)
  }
}
