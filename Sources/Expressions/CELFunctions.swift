// The functions that expressions may call: name, ways to call, number of arguments, body.

/// How a function may be written.
public enum CELCallStyle: Sendable {
  /// `f(x)`
  case global
  /// `x.f()`
  case receiver
  case both
}

/// A set of functions. Of two that fit a call, the one added later is called.
public struct CELFunctions: Sendable {
  /// Arguments (a receiver comes first) and what is left of the cost limit, to the result.
  typealias Body = @Sendable (_ arguments: [CELValue], _ budget: inout CELBudget) -> CELValue

  struct Function: Sendable {
    let arity: ClosedRange<Int>
    let style: CELCallStyle
    /// Whether failures are passed in as arguments, instead of being the result.
    let takesFailures: Bool
    let body: Body
  }

  private var table: [String: [Function]] = [:]

  init() {}

  public var names: [String] { table.keys.sorted() }

  /// With one more function. `arity` counts the receiver; `body` gets it as the first argument and gives `.error` to fail.
  public func adding(
    _ name: String, arity: ClosedRange<Int>, style: CELCallStyle = .both, _ body: @escaping @Sendable ([CELValue]) -> CELValue
  ) -> CELFunctions {
    var copy = self
    copy.add(name, arity, style) { arguments, _ in body(arguments) }
    return copy
  }

  public func adding(
    _ name: String, arity: Int, style: CELCallStyle = .both, _ body: @escaping @Sendable ([CELValue]) -> CELValue
  ) -> CELFunctions {
    adding(name, arity: arity...arity, style: style, body)
  }

  mutating func add(
    _ name: String, _ arity: ClosedRange<Int>, _ style: CELCallStyle = .both, takesFailures: Bool = false, _ body: @escaping Body
  ) {
    table[name, default: []].insert(Function(arity: arity, style: style, takesFailures: takesFailures, body: body), at: 0)
  }

  func has(_ name: String) -> Bool { table[name] != nil }

  /// The function that a call with `count` arguments (the receiver included) means.
  func find(_ name: String, count: Int, receiver: Bool) -> Function? {
    table[name]?.first { function in
      guard function.arity.contains(count) else { return false }
      switch function.style {
      case .both: return true
      case .global: return !receiver
      case .receiver: return receiver
      }
    }
  }
}

/// What is left of a run's cost limit.
struct CELBudget {
  private(set) var left: Int
  init(_ limit: Int) { left = limit }
  var isSpent: Bool { left < 0 }
  /// How many objects inside objects a comparison is in.
  private(set) var objectDepth = 0

  /// False, and all is spent, when objects are nested so deep that references must run in circles.
  mutating func enterObject() -> Bool {
    objectDepth += 1
    if objectDepth > Self.objectDepthLimit { left = -1 }
    return !isSpent
  }

  mutating func leaveObject() { objectDepth -= 1 }
  private static let objectDepthLimit = 32

  /// Takes `units` off; false when the limit is passed.
  @discardableResult
  mutating func spend(_ units: Int) -> Bool {
    left &-= units
    return left >= 0
  }
}
