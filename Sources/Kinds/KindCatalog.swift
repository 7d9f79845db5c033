// Everything the specs say, checked and ready: kinds, views, routes, families.
import Core

/// Immutable once loaded; shared by the whole process.
public struct KindCatalog: Sendable {
  public let kinds: [KindSpec]
  public let families: [FamilySpec]
  public let routes: [RouteSpec]
  /// `Family.Kind.View` → view.
  public let views: [String: ViewSpec]
  /// SQL files of routes.
  public let sql: [SQLText]
  /// Changes whenever any spec changes in meaning: replicas of one digest agree.
  public let digest: String
  /// Names of all events that kinds declare, sorted.
  public let eventNames: [String]
  private let kindIndex: [String: Int]

  public init(
    kinds: [KindSpec], families: [FamilySpec], routes: [RouteSpec], views: [String: ViewSpec], digest: String,
    sql: [SQLText] = []
  ) {
    self.kinds = kinds
    self.families = families
    self.routes = routes
    self.views = views
    self.digest = digest
    self.sql = sql
    eventNames = Set(kinds.filter { !$0.retired }.flatMap { $0.events.map(\.name) }).sorted()
    kindIndex = Dictionary(kinds.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// Kind names are unique over all families.
  public func kind(_ name: String) -> KindSpec? { kindIndex[name].map { kinds[$0] } }
  public func family(_ name: String) -> FamilySpec? { families.first { $0.name == name } }

  /// A view by its name as a route writes it (`View` of the given kind, or `Kind.View`).
  public func view(_ name: String, family: String, kind: String) -> ViewSpec? {
    name.contains(".") ? views["\(family).\(name)"] : views["\(family).\(kind).\(name)"]
  }

  /// Fields of other kinds that refer to `kind`: who must be asked before one of its objects goes.
  public func referrers(of kind: String) -> [(kind: KindSpec, field: FieldSpec)] {
    kinds.flatMap { other in
      other.fields.compactMap { field in
        (field.reference?.kind == kind || field.of?.reference?.kind == kind) ? (other, field) : nil
      }
    }
  }
}
