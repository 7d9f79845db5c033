// The words of the language.

struct Token: Sendable {
  enum Kind: Sendable, Equatable {
    case name(String)
    /// A name between backquotes: a field only.
    case quotedName(String)
    /// The magnitude: a sign before it belongs to the parser.
    case int(UInt64)
    case uint(UInt64)
    case double(Double)
    case string(String)
    case bytes([UInt8])
    case symbol(Symbol)
    case end
  }

  enum Symbol: String, Sendable {
    case leftParen = "(", rightParen = ")", leftBracket = "[", rightBracket = "]", leftBrace = "{", rightBrace = "}"
    case dot = ".", comma = ",", colon = ":", question = "?", plus = "+", minus = "-", star = "*", slash = "/", percent = "%"
    case not = "!", and = "&&", or = "||", equals = "==", notEquals = "!=", less = "<", lessOrEqual = "<=", greater = ">"
    case greaterOrEqual = ">=", `in` = "in", `true` = "true", `false` = "false", null = "null"
  }

  let kind: Kind
  /// Byte offset in the source.
  let offset: Int

  /// How the token is called in messages.
  var shown: String {
    switch kind {
    case .name(let n): "'\(n)'"
    case .quotedName(let n): "'`\(n)`'"
    case .int(let n): "'\(n)'"
    case .uint(let n): "'\(n)u'"
    case .double(let d): "'\(d)'"
    case .string: "a string"
    case .bytes: "bytes"
    case .symbol(let s): "'\(s.rawValue)'"
    case .end: "the end"
    }
  }

  static let reserved: Set<String> = [
    "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop", "package", "namespace",
    "return", "var", "void", "while",
  ]
}

/// A fault of the text at a byte offset.
struct SourceFault: Error {
  let offset: Int
  let message: String
}
