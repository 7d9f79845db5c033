// A compiled expression: the one entry of this module.

/// A compiled CEL expression. Compile once, run many times; safe to share.
public struct CELProgram: Sendable {
  public let source: String
  /// Dotted paths of the free variables that the program reads, longest static prefix of each use, without repetition, such as
  /// `["self", "port"]`; macro variables are left out.
  public let paths: [[String]]
  /// The parsed tree, for translating predicates into SQL.
  public let tree: CELTree
  private let step: Step
  private let slots: Int

  /// Throws `CELError` with all faults that were found. In a `lenient` program, selecting a missing member of a map, an object
  /// or null gives null instead of a failure, and `has` says no for members that are null. `checksCalls: false` leaves unknown
  /// functions to the run, where calling one is a failure.
  public init(_ source: String, functions: CELFunctions = .standard, lenient: Bool = false, checksCalls: Bool = true) throws {
    let tree = try Parser.parse(source, functions: functions, checksCalls: checksCalls)
    var compiler = Compiler(functions, lenient: lenient)
    self.source = source
    self.tree = tree
    step = compiler.compile(tree)
    slots = compiler.slots
    paths = FreePaths.of(tree)
  }

  /// Compiles a part of a parsed tree, such as the constant side of a comparison.
  public init(tree: CELTree, functions: CELFunctions = .standard, lenient: Bool = false) {
    var compiler = Compiler(functions, lenient: lenient)
    source = ""
    self.tree = tree
    step = compiler.compile(tree)
    slots = compiler.slots
    paths = FreePaths.of(tree)
  }

  /// The free variables that a tree reads, as `paths` gives them for a program.
  public static func freePaths(of tree: CELTree) -> [[String]] { FreePaths.of(tree) }

  /// Runs within `limit` cost units: each node visited costs, and each element copied or compared. A failure never throws.
  public func evaluate(_ scope: any CELScope, limit: Int = 100_000) -> Result<CELValue, CELFailure> {
    let run = Run(scope, limit: limit, slots: slots)
    let value = step(run)
    if case .list = value { value.spendWhole(&run.budget) } else if case .map = value { value.spendWhole(&run.budget) }
    if run.budget.isSpent { return .failure(.limit) }
    if case .error(let failure) = value { return .failure(failure) }
    return .success(value)
  }
}
