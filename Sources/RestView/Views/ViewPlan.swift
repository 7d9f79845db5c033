// A view ready to be written: member names as bytes, fields that need no expression told apart, needs found.
import Core
import Expressions
import Kinds

final class ViewPlan: Sendable {
  indirect enum Output: Sendable {
    /// A declared field, written from its stored value; with a case, its members are renamed.
    case field(FieldSpec, FamilySpec.Case?)
    case identifier, created, updated
    case program(CELProgram)
    case object(ViewPlan)
    case reference(field: String, ViewPlan?)
    case related(RelatedPlan)
    case total(TotalPlan)
    /// A sealed field in clear; another value when it is not set.
    case reveal(FieldSpec, orElse: CELProgram?)
    /// The page of a list route.
    case items(ViewPlan)
  }

  struct Member: Sendable {
    /// `"name":`
    var key: [UInt8]
    var name: String
    var output: Output
    var map: [String: String]?
    var omitNull: Bool
  }

  let members: [Member]
  /// The view is this one value instead of an object.
  let bare: Output?
  /// What must be read besides the object.
  let needs: Needs
  /// Names of the request that outputs read; an answer without any is the same for every caller.
  let names: Set<String>
  let reveals: Bool
  /// `lastUsedAt` is shown: it is kept outside the object.
  let showsLastUse: Bool

  init(members: [Member], bare: Output?, needs: Needs, names: Set<String>, reveals: Bool, showsLastUse: Bool) {
    self.members = members
    self.bare = bare
    self.needs = needs
    self.names = names
    self.reveals = reveals
    self.showsLastUse = showsLastUse
  }

  static let empty = ViewPlan(members: [], bare: nil, needs: Needs(), names: [], reveals: false, showsLastUse: false)
}

/// A sum over records in a view: one statement for a page.
final class TotalPlan: Sendable {
  /// Tells the plans of one view from another.
  let number: Int
  let kind: KindSpec
  let total: KindSpec.Total
  /// In the order of the total's `by`; nil is null.
  let by: [CELProgram?]

  init(number: Int, kind: KindSpec, total: KindSpec.Total, by: [CELProgram?]) {
    self.number = number
    self.kind = kind
    self.total = total
    self.by = by
  }
}

/// Objects of another kind in a view: one grouped query for a page.
final class RelatedPlan: Sendable {
  /// Tells the plans of one view from another.
  let number: Int
  let spec: ViewSpec.Related
  let kind: KindSpec
  /// The field of the related kind that holds the shown object's uid; nil when the predicate has no such part.
  let parentField: String?
  /// The rest of the predicate, or all of it without a parent field.
  let rest: PredicatePlan
  /// The whole predicate, for one object alone.
  let whole: PredicatePlan
  let view: ViewPlan?
  /// Request names that the predicate reads.
  let names: Set<String>

  init(
    number: Int, spec: ViewSpec.Related, kind: KindSpec, parentField: String?, rest: PredicatePlan, whole: PredicatePlan,
    view: ViewPlan?,
    names: Set<String>
  ) {
    self.number = number
    self.spec = spec
    self.kind = kind
    self.parentField = parentField
    self.rest = rest
    self.whole = whole
    self.view = view
    self.names = names
  }
}
