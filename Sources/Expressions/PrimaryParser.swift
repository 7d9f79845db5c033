// The parts of expressions: literals, names, selections, indexes, calls, lists, maps and messages.
import Core

extension Parser {
  /// A primary with everything that follows it: `.field`, `.f(x)`, `[i]`, `{...}`.
  mutating func member() throws -> Part { try members(of: try primary()) }

  mutating func members(of first: Part) throws -> Part {
    var part = first
    while true {
      let start = at
      if take(.dot) {
        let optional = take(.question)
        guard let (name, _) = field() else { return part }
        if current == .symbol(.leftParen), !optional {
          let arguments = try arguments()
          part = try high(call(name, receiver: part, arguments, token: start + 1))
        } else {
          part = try high(node(.select(part.tree, field: name, optional: optional), part))
        }
      } else if take(.leftBracket) {
        let optional = take(.question)
        let index = try expression()
        expect(.rightBracket, closing: start)
        let name = optional ? CELOperator.optionalIndex : CELOperator.index
        part = try high(node(.call(name, receiver: nil, [part.tree, index.tree]), part, index))
      } else if current == .symbol(.leftBrace), let name = part.tree.dottedName {
        part = try high(try message(name, token: start))
      } else {
        return part
      }
    }
  }

  /// A field's name, written plainly or between backquotes; the words true, false, null and in are none.
  private mutating func field() -> (name: String, quoted: Bool)? {
    switch current {
    case .name(let name):
      advance()
      return (name, false)
    case .quotedName(let name):
      advance()
      return (name, true)
    default:
      unexpected("a field name")
      skip()
      return nil
    }
  }

  private mutating func primary() throws -> Part {
    let start = at
    func literal(_ value: CELValue) -> Part { (.literal(value), 1) }
    switch current {
    case .int(let magnitude):
      advance()
      if magnitude > UInt64(Int.max) { fault("the integer is out of range", token: start) }
      return literal(.int(Int(truncatingIfNeeded: magnitude)))
    case .uint(let number):
      advance()
      return literal(.uint(number))
    case .double(let number):
      advance()
      return literal(.double(number))
    case .string(let text):
      advance()
      return literal(.string(text))
    case .bytes(let bytes):
      advance()
      return literal(.bytes(bytes))
    case .symbol(.true), .symbol(.false):
      advance()
      return literal(.bool(tokens[start].kind == .symbol(.true)))
    case .symbol(.null):
      advance()
      return literal(.null)
    case .symbol(.leftParen):
      advance()
      let inner = try expression()
      expect(.rightParen, closing: start)
      return inner
    case .symbol(.leftBracket): return try list()
    case .symbol(.leftBrace): return try map()
    case .symbol(.dot):
      advance()
      guard case .name(let name) = current else {
        unexpected("a name")
        skip()
        return literal(.null)
      }
      return try identifier(name, absolute: true)
    case .name(let name): return try identifier(name, absolute: false)
    default:
      unexpected("a value")
      skip()
      return literal(.null)
    }
  }

  private mutating func identifier(_ name: String, absolute: Bool) throws -> Part {
    let start = at
    advance()
    if Token.reserved.contains(name) { fault("'\(name)' is a reserved word", token: start) }
    if current == .symbol(.leftParen) {
      let arguments = try arguments()
      return try high(call(name, receiver: nil, arguments, token: start))
    }
    return (.identifier(name, absolute: absolute), 1)
  }

  /// Arguments between parentheses.
  private mutating func arguments() throws -> [Part] {
    let open = at
    advance()
    var parts: [Part] = []
    if take(.rightParen) { return parts }
    repeat { parts.append(try expression()) } while take(.comma)
    expect(.rightParen, closing: open)
    return parts
  }

  private mutating func list() throws -> Part {
    let open = at
    advance()
    var elements: [CELElement] = []
    var height = 0
    while current != .symbol(.rightBracket), current != .end {
      let optional = take(.question)
      let element = try expression()
      height = max(height, element.height)
      elements.append(CELElement(value: element.tree, optional: optional))
      if !take(.comma) { break }
    }
    expect(.rightBracket, closing: open)
    return try high((.list(elements), height + 1))
  }

  private mutating func map() throws -> Part {
    let open = at
    advance()
    var entries: [CELEntry] = []
    var height = 0
    while current != .symbol(.rightBrace), current != .end {
      let optional = take(.question)
      let key = try expression()
      expect(.colon)
      let value = try expression()
      height = max(height, key.height, value.height)
      entries.append(CELEntry(key: key.tree, value: value.tree, optional: optional))
      if !take(.comma) { break }
    }
    expect(.rightBrace, closing: open)
    return try high((.map(entries), height + 1))
  }

  private mutating func message(_ name: String, token: Int) throws -> Part {
    let open = at
    advance()
    let known = WellKnownMessage.fields(of: name)
    if known == nil { fault("unknown message type '\(name)'; a map is written {'key': value}", token: max(token - 1, 0)) }
    var fields: [CELField] = []
    var height = 0
    while current != .symbol(.rightBrace), current != .end {
      let optional = take(.question)
      let start = at
      guard let (field, _) = field() else { break }
      if let known, !known.contains(field) { fault("no such field '\(field)' in \(name)", token: start) }
      expect(.colon)
      let value = try expression()
      height = max(height, value.height)
      fields.append(CELField(name: field, value: value.tree, optional: optional))
      if !take(.comma) { break }
    }
    expect(.rightBrace, closing: open)
    return try high((.message(name, fields), height + 1))
  }

  /// A macro, or a call of a known function.
  private mutating func call(_ name: String, receiver: Part?, _ arguments: [Part], token: Int) -> Part {
    let height = max(receiver?.height ?? 0, arguments.map(\.height).max() ?? 0)
    let trees = arguments.map(\.tree)
    if let macro = Macro.expand(name, receiver: receiver?.tree, trees) {
      switch macro {
      case .success(let tree): return (tree, height + Macro.height(name))
      case .failure(let problem):
        fault(problem.message, token: token)
        return (.literal(.null), 1)
      }
    }
    // A function of a namespace: `math.abs(x)`.
    if let space = receiver?.tree.dottedName, functions.has("\(space).\(name)") {
      return call("\(space).\(name)", receiver: nil, arguments, token: token)
    }
    let count = trees.count + (receiver == nil ? 0 : 1)
    if checksCalls, functions.find(name, count: count, receiver: receiver != nil) == nil {
      fault(unknown(name, receiver: receiver != nil), token: token)
    }
    if name == "matches", count == 2, case .literal(.string(let pattern))? = trees.last {
      do throws(Pattern.Fault) { _ = try Pattern(pattern) } catch { fault("invalid pattern: \(error.message)", token: token) }
    }
    return (.call(name, receiver: receiver?.tree, trees), height + 1)
  }

  private func unknown(_ name: String, receiver: Bool) -> String {
    if functions.has(name) {
      return "'\(name)' takes another number of arguments\(receiver ? "" : ", or is called as x.\(name)(...)")"
    }
    if Macro.names.contains(name) { return "'\(name)' is a macro: items.\(name)(x, condition)" }
    let near = nearestName(to: name, among: functions.names + Macro.names)
    return "unknown function '\(name)'" + (near.map { "; did you mean '\($0)'?" } ?? "")
  }
}

extension CELTree {
  /// `a.b.c` for a chain of plain selections from a name; nil for anything else.
  var dottedName: String? {
    switch self {
    case .identifier(let name, _): return name
    case .select(let operand, let field, false): return operand.dottedName.map { "\($0).\(field)" }
    default: return nil
    }
  }
}
