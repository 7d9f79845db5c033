// The parsed form of an expression, for programs that translate it.

/// A syntax tree, macros already expanded. Operators are calls without receiver under the names in `CELOperator`.
public indirect enum CELTree: Sendable {
  /// null, bool, int, uint, double, string or bytes.
  case literal(CELValue)
  /// A name; `absolute` when written with a leading dot, which passes over macro variables.
  case identifier(String, absolute: Bool = false)
  /// `operand.field`; `optional` for `operand.?field`.
  case select(CELTree, field: String, optional: Bool = false)
  /// `has(operand.field)`.
  case has(CELTree, field: String)
  /// `name(arguments)`, `receiver.name(arguments)`, or an operator. Functions of a namespace (`math.abs`) have no receiver.
  case call(String, receiver: CELTree?, [CELTree])
  case list([CELElement])
  case map([CELEntry])
  /// `name{field: value}`.
  case message(String, [CELField])
  case comprehension(CELComprehension)
  /// `cel.bind(name, value, body)`.
  case bind(String, CELTree, CELTree)
}

/// An element of a list literal; `optional` for `[?x]`.
public struct CELElement: Sendable {
  public let value: CELTree
  public let optional: Bool
}

/// An entry of a map literal; `optional` for `{?k: v}`.
public struct CELEntry: Sendable {
  public let key: CELTree
  public let value: CELTree
  public let optional: Bool
}

/// A field of a message literal; `optional` for `M{?f: v}`.
public struct CELField: Sendable {
  public let name: String
  public let value: CELTree
  public let optional: Bool
}

/// A macro over the elements of a list or the keys of a map.
public struct CELComprehension: Sendable {
  public enum Kind: String, Sendable {
    case all, exists, existsOne, map, filter, transformList, transformMap, transformMapEntry
  }
  public let kind: Kind
  public let range: CELTree
  /// The element or the key; with `second`, the index or the key.
  public let variable: String
  /// The element or the value, in macros with two variables.
  public let second: String?
  /// The condition; nil in a `map` or transform without one.
  public let predicate: CELTree?
  /// What each element becomes, in `map` and the transforms.
  public let transform: CELTree?
}

/// The call names of operators.
public enum CELOperator {
  public static let and = "_&&_"
  public static let or = "_||_"
  public static let not = "!_"
  public static let negate = "-_"
  public static let conditional = "_?_:_"
  public static let add = "_+_"
  public static let subtract = "_-_"
  public static let multiply = "_*_"
  public static let divide = "_/_"
  public static let modulo = "_%_"
  public static let equals = "_==_"
  public static let notEquals = "_!=_"
  public static let less = "_<_"
  public static let lessOrEqual = "_<=_"
  public static let greater = "_>_"
  public static let greaterOrEqual = "_>=_"
  public static let contained = "@in"
  public static let index = "_[_]"
  public static let optionalIndex = "_[?_]"
}
