// Finds in a predicate over related objects the part that ties them to the object shown: `webhook == self.id`.
import Expressions
import Kinds

enum RelatedPredicate {
  /// The parts that must all hold.
  static func parts(_ tree: CELTree) -> [CELTree] {
    if case .call(CELOperator.and, nil, let parts) = tree { return parts.flatMap(Self.parts) }
    return [tree]
  }

  /// The reference field that must hold the shown object; nil when this part says something else.
  static func parentField(_ tree: CELTree, kind: KindSpec) -> String? {
    guard case .call(CELOperator.equals, nil, let sides) = tree, sides.count == 2 else { return nil }
    for (field, parent) in [(sides[0], sides[1]), (sides[1], sides[0])] {
      if case .identifier(let name, _) = field, kind.field(name)?.reference != nil, isShown(parent) { return name }
    }
    return nil
  }

  private static func isShown(_ tree: CELTree) -> Bool {
    switch tree {
    case .identifier("self", _), .select(.identifier("self", _), "id", _), .select(.identifier("self", _), "uid", _): true
    default: false
    }
  }
}
