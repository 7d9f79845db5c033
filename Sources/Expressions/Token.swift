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
    case leftParen = "("
    case rightParen = ")"
    case leftBracket = "["
    case rightBracket = "]"
    case leftBrace = "{"
    case rightBrace = "}"
    case dot = "."
    case comma = ","
    case colon = ":"
    case question = "?"
    case plus = "+"
    case minus = "-"
    case star = "*"
    case slash = "/"
    case percent = "%"
    case not = "!"
    case and = "&&"
    case or = "||"
    case equals = "=="
    case notEquals = "!="
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
    case `in` = "in"
    case `true` = "true"
    case `false` = "false"
    case null = "null"
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
