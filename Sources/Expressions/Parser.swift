// Tokens to a tree: the grammar's levels from the conditional down to unary operators.
import Core

/// A recursive descent parser. Faults are collected; behind one, reading goes on at the next comma or closing bracket.
struct Parser {
  /// How deep expressions may be nested in brackets, conditionals and calls.
  static let depthLimit = 250
  /// How high a tree may be; a long chain of operators or selections makes a high tree too.
  static let heightLimit = 500
  static let sourceLimit = 65_536

  /// A subtree and its height.
  typealias Part = (tree: CELTree, height: Int)
  /// Thrown when going on makes no sense; its fault is recorded already.
  struct Abort: Error {}

  let tokens: [Token]
  let functions: CELFunctions
  /// Whether unknown functions are faults; otherwise calling one is a failure of the run.
  let checksCalls: Bool
  var at = 0
  var faults: [SourceFault]
  private var depth = 0
  private var faultAt = -1
  /// Where the lexer left something out: what stands behind such a place may look wrong and be right.
  private let gaps: [Int]

  private init(_ source: String, _ functions: CELFunctions, _ checksCalls: Bool) {
    let lexer = Lexer(source)
    tokens = lexer.tokens
    faults = lexer.faults
    gaps = lexer.faults.map(\.offset)
    self.functions = functions
    self.checksCalls = checksCalls
  }

  /// The tree of `source`, or `CELError` with every fault found.
  static func parse(_ source: String, functions: CELFunctions, checksCalls: Bool) throws(CELError) -> CELTree {
    guard source.utf8.count <= sourceLimit else {
      throw error([SourceFault(offset: 0, message: "the expression is longer than \(sourceLimit) bytes")], in: source)
    }
    var parser = Parser(source, functions, checksCalls)
    var tree = CELTree.literal(.null)
    do {
      tree = try parser.expression().tree
      if parser.current != .end { parser.unexpected("the end") }
    } catch {}
    if !parser.faults.isEmpty { throw Self.error(parser.faults, in: source) }
    return tree
  }

  private static func error(_ faults: [SourceFault], in source: String) -> CELError {
    let bytes = Array(source.utf8)
    let sorted = faults.sorted { $0.offset < $1.offset }.prefix(CELError.limit)
    return CELError(
      faults: sorted.map { fault in
        let before = bytes[..<min(fault.offset, bytes.count)]
        let start = before.lastIndex(of: 10).map { $0 + 1 } ?? 0
        let line = before.count { $0 == 10 } + 1
        return CELError.Fault(line: line, column: before[start...].count { $0 & 0xC0 != 0x80 } + 1, message: fault.message)
      })
  }

  // MARK: Tokens

  var current: Token.Kind { tokens[at].kind }

  mutating func advance() { if at < tokens.count - 1 { at += 1 } }

  mutating func take(_ symbol: Token.Symbol) -> Bool {
    guard current == .symbol(symbol) else { return false }
    advance()
    return true
  }

  mutating func expect(_ symbol: Token.Symbol, closing opened: Int? = nil) {
    if take(symbol) { return }
    unexpected("'\(symbol.rawValue)'" + (opened.map { " to close \(tokens[$0].shown)" } ?? ""))
    skip()
    _ = take(symbol)
  }

  mutating func fault(_ message: String, token: Int) {
    faults.append(SourceFault(offset: tokens[token].offset, message: message))
  }

  /// Records one fault for each token that is not what the grammar wants.
  mutating func unexpected(_ wanted: String) {
    let before = at > 0 ? tokens[at - 1].offset : -1
    let behindGap = gaps.contains { $0 > before && $0 <= tokens[at].offset }
    if faultAt < at, !behindGap { fault("unexpected \(tokens[at].shown); \(wanted) should stand here", token: at) }
    faultAt = at
  }

  /// Skips to the next comma, colon or closing bracket of this level.
  mutating func skip() {
    var open = 0
    while current != .end {
      switch current {
      case .symbol(.leftParen), .symbol(.leftBracket), .symbol(.leftBrace): open += 1
      case .symbol(.rightParen), .symbol(.rightBracket), .symbol(.rightBrace):
        if open == 0 { return }
        open -= 1
      case .symbol(.comma), .symbol(.colon): if open == 0 { return }
      default: break
      }
      advance()
    }
  }

  func node(_ tree: CELTree, _ children: Part...) -> Part { (tree, (children.map(\.height).max() ?? 0) + 1) }

  // MARK: Levels

  mutating func expression() throws -> Part {
    depth += 1
    defer { depth -= 1 }
    if depth > Self.depthLimit {
      fault("the expression is nested deeper than \(Self.depthLimit) levels", token: at)
      throw Abort()
    }
    let condition = try or()
    guard take(.question) else { return condition }
    let yes = try or()
    expect(.colon)
    let no = try expression()
    return try high(node(.call(CELOperator.conditional, receiver: nil, [condition.tree, yes.tree, no.tree]), condition, yes, no))
  }

  private mutating func or() throws -> Part {
    var parts = [try and()]
    while take(.or) { parts.append(try and()) }
    return try high(balanced(CELOperator.or, parts[...]))
  }

  private mutating func and() throws -> Part {
    var parts = [try relation()]
    while take(.and) { parts.append(try relation()) }
    return try high(balanced(CELOperator.and, parts[...]))
  }

  /// Long chains of `&&` and `||` make low trees.
  private func balanced(_ name: String, _ parts: ArraySlice<Part>) -> Part {
    if parts.count == 1 { return parts[parts.startIndex] }
    let middle = parts.startIndex + (parts.count + 1) / 2
    let left = balanced(name, parts[..<middle])
    let right = balanced(name, parts[middle...])
    return node(.call(name, receiver: nil, [left.tree, right.tree]), left, right)
  }

  private static let relations: [Token.Symbol: String] = [
    .equals: CELOperator.equals, .notEquals: CELOperator.notEquals, .less: CELOperator.less,
    .lessOrEqual: CELOperator.lessOrEqual, .greater: CELOperator.greater, .greaterOrEqual: CELOperator.greaterOrEqual,
    .in: CELOperator.contained,
  ]
  private static let sums: [Token.Symbol: String] = [.plus: CELOperator.add, .minus: CELOperator.subtract]
  private static let products: [Token.Symbol: String] = [
    .star: CELOperator.multiply, .slash: CELOperator.divide, .percent: CELOperator.modulo,
  ]

  private mutating func relation() throws -> Part { try chain(Self.relations) { try $0.addition() } }
  private mutating func addition() throws -> Part { try chain(Self.sums) { try $0.multiplication() } }
  private mutating func multiplication() throws -> Part { try chain(Self.products) { try $0.unary() } }

  private mutating func chain(_ names: [Token.Symbol: String], _ operand: (inout Parser) throws -> Part) throws -> Part {
    var left = try operand(&self)
    while case .symbol(let symbol) = current, let name = names[symbol] {
      advance()
      let right = try operand(&self)
      left = try high(node(.call(name, receiver: nil, [left.tree, right.tree]), left, right))
    }
    return left
  }

  private mutating func unary() throws -> Part {
    let start = at
    if take(.not) {
      var count = 1
      while take(.not) { count += 1 }
      return try repeated(CELOperator.not, count, try member())
    }
    guard take(.minus) else { return try member() }
    var count = 1
    while take(.minus) { count += 1 }
    // The sign next to a number belongs to it: the least int has no positive counterpart.
    switch current {
    case .int(let magnitude):
      if magnitude > UInt64(Int.max) + 1 { fault("the integer is out of range", token: start) }
      advance()
      let number = Int(truncatingIfNeeded: 0 &- magnitude)
      return try repeated(CELOperator.negate, count - 1, try members(of: (.literal(.int(number)), 1)))
    case .double(let number):
      advance()
      return try repeated(CELOperator.negate, count - 1, try members(of: (.literal(.double(-number)), 1)))
    default: return try repeated(CELOperator.negate, count, try member())
    }
  }

  private mutating func repeated(_ name: String, _ count: Int, _ operand: Part) throws -> Part {
    var part = operand
    for _ in 0..<count { part = try high(node(.call(name, receiver: nil, [part.tree]), part)) }
    return part
  }

  /// The part, unless its tree is too high.
  mutating func high(_ part: Part) throws -> Part {
    if part.height <= Self.heightLimit { return part }
    fault("the expression is a chain or nest of more than \(Self.heightLimit) steps", token: at)
    throw Abort()
  }
}
