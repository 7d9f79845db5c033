// Regular expressions of the RE2 kind: matched in time linear in the text, whatever the pattern.

/// A compiled pattern in the syntax of RE2: for `matches`, and for the `pattern` of fields. It tells whether a text matches, and
/// keeps no groups. Compile once; safe to share.
public struct Pattern: Sendable {
  public struct Fault: Error, Sendable {
    public let message: String
  }

  private let program: [PatternInstruction]
  private let sets: [PatternSet]

  public init(_ pattern: String) throws(Fault) {
    var parser = PatternParser(pattern)
    var compiler = PatternCompiler()
    try compiler.emit(try parser.parse())
    compiler.program.append(.match)
    program = compiler.program
    sets = compiler.sets
  }

  /// The number of instructions: what one character of the text may cost.
  var size: Int { program.count }

  /// Whether some part of `text` matches; anchor the pattern with `^` and `$` to match all of it.
  public func matches(_ text: String) -> Bool {
    var machine = Machine(count: program.count)
    var before: UInt32?
    var scalars = text.unicodeScalars.makeIterator()
    var here = scalars.next()?.value
    while true {
      // Every character may be the first of a match.
      if add(0, &machine, before, here) { return true }
      guard let c = here else { return false }
      let after = scalars.next()?.value
      machine.step()
      for thread in machine.previous {
        let pc = Int(thread)
        if accepts(program[pc], c), add(pc + 1, &machine, c, after) { return true }
      }
      before = c
      here = after
    }
  }

  private func accepts(_ instruction: PatternInstruction, _ c: UInt32) -> Bool {
    switch instruction {
    case .scalar(let wanted): c == wanted
    case .any: true
    case .anyButNewline: c != 10
    case .set(let at): sets[Int(at)].contains(c)
    default: false
    }
  }

  /// Adds the threads that `pc` leads to without reading; true when one of them is the match.
  private func add(_ pc: Int, _ machine: inout Machine, _ before: UInt32?, _ here: UInt32?) -> Bool {
    machine.stack.append(Int32(pc))
    while let next = machine.stack.popLast() {
      guard machine.mark(next) else { continue }
      switch program[Int(next)] {
      case .match:
        machine.stack.removeAll(keepingCapacity: true)
        return true
      case .jump(let to): machine.stack.append(to)
      case .split(let a, let b):
        machine.stack.append(b)
        machine.stack.append(a)
      case .assert(let assertion): if assertion.holds(before, here) { machine.stack.append(next + 1) }
      default: machine.run(next)
      }
    }
    return false
  }

  /// The threads at two neighbouring positions.
  private struct Machine {
    var previous: [Int32] = []
    private var current: [Int32] = []
    private var marks: [UInt32]
    private var generation: UInt32 = 1
    var stack: [Int32] = []

    init(count: Int) { marks = Array(repeating: 0, count: count) }

    /// False when the instruction has been reached at this position already.
    mutating func mark(_ pc: Int32) -> Bool {
      if marks[Int(pc)] == generation { return false }
      marks[Int(pc)] = generation
      return true
    }

    mutating func run(_ pc: Int32) { current.append(pc) }

    mutating func step() {
      swap(&previous, &current)
      current.removeAll(keepingCapacity: true)
      generation &+= 1
    }
  }
}

enum PatternInstruction: Sendable {
  case scalar(UInt32)
  case any
  case anyButNewline
  case set(Int32)
  case split(Int32, Int32)
  case jump(Int32)
  case assert(PatternAssertion)
  case match
}

/// What holds between two characters; nil is the edge of the text.
enum PatternAssertion: Sendable {
  case textStart, textEnd, lineStart, lineEnd, wordEdge, noWordEdge

  func holds(_ before: UInt32?, _ here: UInt32?) -> Bool {
    switch self {
    case .textStart: before == nil
    case .textEnd: here == nil
    case .lineStart: before == nil || before == 10
    case .lineEnd: here == nil || here == 10
    case .wordEdge: Self.isWord(before) != Self.isWord(here)
    case .noWordEdge: Self.isWord(before) == Self.isWord(here)
    }
  }

  private static func isWord(_ c: UInt32?) -> Bool {
    guard let c, c < 128 else { return false }
    let byte = UInt8(c)
    return Lexer.isDigit(byte) || Lexer.isNameStart(byte)
  }
}

/// A pattern's tree to instructions.
struct PatternCompiler {
  /// Repetitions are written out, so that a short pattern can mean a long program.
  static let limit = 10_000

  var program: [PatternInstruction] = []
  var sets: [PatternSet] = []
  private var work = 0

  mutating func emit(_ node: PatternNode) throws(Pattern.Fault) {
    // Parts that make no instruction count too: repetitions of them could go on for ever.
    work += 1
    if program.count > Self.limit || work > 2 * Self.limit { throw Pattern.Fault(message: "the pattern is too large") }
    switch node {
    case .empty: break
    case .scalar(let c): program.append(.scalar(c))
    case .any(let newline): program.append(newline ? .any : .anyButNewline)
    case .set(let set):
      sets.append(set)
      program.append(.set(Int32(sets.count - 1)))
    case .assert(let assertion): program.append(.assert(assertion))
    case .sequence(let parts): for part in parts { try emit(part) }
    case .choice(let parts): try choice(parts)
    case .repetition(let part, let least, let most): try repetition(part, least, most)
    }
  }

  private var here: Int32 { Int32(program.count) }

  private mutating func choice(_ parts: [PatternNode]) throws(Pattern.Fault) {
    var exits: [Int] = []
    for (n, part) in parts.enumerated() {
      if n == parts.count - 1 {
        try emit(part)
        break
      }
      let fork = program.count
      program.append(.match)
      try emit(part)
      exits.append(program.count)
      program.append(.match)
      program[fork] = .split(Int32(fork + 1), here)
    }
    for exit in exits { program[exit] = .jump(here) }
  }

  private mutating func repetition(_ part: PatternNode, _ least: Int, _ most: Int?) throws(Pattern.Fault) {
    for _ in 0..<least { try emit(part) }
    guard let most else {
      let fork = program.count
      program.append(.match)
      try emit(part)
      program.append(.jump(Int32(fork)))
      program[fork] = .split(Int32(fork + 1), here)
      return
    }
    var forks: [Int] = []
    for _ in least..<most {
      forks.append(program.count)
      program.append(.match)
      try emit(part)
    }
    for fork in forks { program[fork] = .split(Int32(fork + 1), here) }
  }
}
