// A compiled expression: the one entry of this module.

/// A compiled CEL expression. Compile once, run many times; safe to share.
public struct CELProgram: Sendable {
  public let source: String
  /// Dotted paths of the free variables that the program reads, longest static prefix first found first, such as
  /// `["self", "port"]`; macro variables are left out.
  public let paths: [[String]]
  /// The parsed tree, for translating predicates into SQL.
  public let tree: CELTree

  /// Throws `CELError` with all faults that were found. In a `lenient` program, selecting a missing member of a map, an object
  /// or null gives null instead of a failure; `has` still tells.
  public init(_ source: String, functions: CELFunctions = .standard, lenient: Bool = false) throws {
    throw CELError(faults: [CELError.Fault(line: 1, column: 1, message: "expressions are not built yet")])
  }

  /// Runs within `limit` cost units: each node visited costs, and each element copied or compared. A failure never throws.
  public func evaluate(_ scope: any CELScope, limit: Int = 100_000) -> Result<CELValue, CELFailure> {
    .failure(.limit)
  }
}

extension CELFunctions {
  public static let standard = CELFunctions()
  public static let platform = CELFunctions()
}
