// Whether a view shows anything observed: a list that does not leaves the observed state unread.
import Expressions
import Kinds
import Ports

enum StatusUse {
  /// Names of an object that say nothing of its observed state.
  private static let desired: Set<String> = [
    "id", "uid", "name", "createdAt", "updatedAt", "deletedAt", "generation", "labels",
  ]

  /// Errs on the side of yes: what cannot be told from the programs' paths counts as read.
  static func isRead(by plan: ViewPlan, kind: KindSpec) -> Bool {
    if plan.showsLastUse || kind.storage == .run { return true }
    if plan.needs.references.keys.contains(where: { kind.field($0)?.isObserved ?? true }) || !plan.needs.inverses.isEmpty {
      return true
    }
    return plan.members.contains { isRead(by: $0.output, kind) } || plan.bare.map { isRead(by: $0, kind) } ?? false
  }

  private static func isRead(by output: ViewPlan.Output, _ kind: KindSpec) -> Bool {
    switch output {
    case .identifier, .created, .updated, .related, .total: false
    case .field(let field, _), .reveal(let field, _): field.isObserved || field.computed != nil
    case .program(let program): program.paths.contains { isRead(by: $0, kind) }
    case .object(let plan), .items(let plan): isRead(by: plan, kind: kind)
    case .reference(let name, _): kind.field(name)?.isObserved ?? true
    }
  }

  private static func isRead(by path: [String], _ kind: KindSpec) -> Bool {
    let own = NeedsBuilder.selfNames.contains(path[0]) ? path.dropFirst() : path[...]
    guard let name = own.first else { return true }
    if let field = kind.field(name) { return field.isObserved || field.computed != nil }
    return !desired.contains(name)
  }
}
