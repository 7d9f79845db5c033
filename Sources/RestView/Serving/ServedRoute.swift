// A route ready to be served: everything that does not change from request to request, found once.
import Core
import Expressions
import Kinds
import Ports

final class ServedRoute: Sendable {
  struct Permission: Sendable {
    let name: String
    let program: CELProgram
    /// Decided only once the target is known.
    let readsTarget: Bool
  }

  struct Filter: Sendable {
    let parameter: String
    let shape: FieldSpec
    /// `value` is the parameter.
    let plan: PredicatePlan
  }

  struct Let: Sendable {
    enum Source: Sendable {
      case value(CELProgram)
      case find(Find)
      case sql(RouteSpec.SQL)
      case service(name: String, operation: String, arguments: [(String, CELProgram)], within: Duration, orElse: CELProgram?)
    }
    let name: String
    let source: Source
  }

  /// Objects that a let names.
  struct Find: Sendable {
    let kind: KindSpec
    let plan: PredicatePlan
    /// What the store cannot be asked; checked on what it gave.
    let residual: [CELProgram]
    let form: RouteSpec.LetSource.Form
    let needs: Needs
  }

  struct Effect: Sendable {
    let spec: RouteSpec.Effect
    let kind: KindSpec
    /// Nil: the target.
    let plan: PredicatePlan?
  }

  let index: Int
  let spec: RouteSpec
  /// The path below the host, with its parameters' names.
  let pattern: String
  let limit: RateLimit?
  let family: ServedFamily
  let kind: KindSpec?
  let scheme: FamilySpec.AuthScheme?
  let permissions: [Permission]
  /// Names of the path's parameters, in order.
  let parameters: [String]
  /// Where among them the target's id is, and its style.
  let targetParameter: Int?
  let targetStyle: KindSpec.IDStyle
  let view: ViewPlan
  /// The answer is a `reply`, not a view of the target.
  let isReply: Bool
  /// A list must read the observed state of its objects.
  let readsStatus: Bool
  let hasBody: Bool
  /// Arguments and stored fields come from the body, not from the query.
  let readsBody: Bool
  let predicate: PredicatePlan?
  let filters: [Filter]
  let sort: [(path: FieldPath, descending: Bool)]
  let lets: [Let]
  let effects: [Effect]
  /// Members that a body may have, under the names that are shown.
  let bodyMembers: [FieldSpec]
  /// What programs over the target read besides it.
  let targetNeeds: Needs
  /// Names of the request that any program reads.
  let names: Set<String>
  /// The rendered answer of a `get` may be kept while its tenant does not change.
  let isCacheable: Bool

  /// POST, PUT and PATCH; and a DELETE by a handler that takes arguments.
  static func hasBody(_ spec: RouteSpec) -> Bool {
    ["POST", "PUT", "PATCH"].contains(spec.method) || (spec.method == "DELETE" && spec.verb == .handler && !spec.args.isEmpty)
  }

  init(
    index: Int, spec: RouteSpec, family: ServedFamily, kind: KindSpec?, scheme: FamilySpec.AuthScheme?, permissions: [Permission],
    view: ViewPlan, isReply: Bool, predicate: PredicatePlan?, filters: [Filter], sort: [(path: FieldPath, descending: Bool)],
    lets: [Let],
    effects: [Effect], bodyMembers: [FieldSpec], targetNeeds: Needs, names: Set<String>, isCacheable: Bool
  ) {
    self.index = index
    self.spec = spec
    pattern = (spec.atRoot ? "" : family.spec.base) + spec.pathText
    limit = spec.limit.flatMap { RateLimit($0) }
    self.family = family
    self.kind = kind
    self.scheme = scheme
    self.permissions = permissions
    parameters = spec.path.compactMap { if case .parameter(let name) = $0 { name } else { nil } }
    targetParameter = spec.target.flatMap { [parameters] in parameters.firstIndex(of: $0) }
    targetStyle = kind.map { family.ids.style($0.name) } ?? .uuid
    self.view = view
    self.isReply = isReply
    readsStatus =
      isReply || sort.contains { if case .status = $0.path { true } else { false } }
      || kind.map { StatusUse.isRead(by: view, kind: $0) } ?? true
    hasBody = Self.hasBody(spec)
    readsBody = hasBody && !spec.accept.contains("raw")
    self.predicate = predicate
    self.filters = filters
    self.sort = sort
    self.lets = lets
    self.effects = effects
    self.bodyMembers = bodyMembers
    self.targetNeeds = targetNeeds
    self.names = names
    self.isCacheable = isCacheable
  }

  /// The word for what is done, as permissions see it.
  var action: String {
    switch spec.verb {
    case .list, .get, .query, .watch: "read"
    case .create: "create"
    case .update, .replace: "update"
    case .delete: "delete"
    case .handler: spec.method == "GET" ? "read" : "update"
    }
  }
}
