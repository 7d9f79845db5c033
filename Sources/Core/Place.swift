// Where in a user's text something stands.

/// A position in a file, counted from 1. `file` is as the user named it; "-" is standard input.
public struct Place: Sendable, Hashable, CustomStringConvertible {
  public var file: String
  public var line: Int
  public var column: Int

  public init(file: String, line: Int, column: Int) {
    self.file = file
    self.line = line
    self.column = column
  }

  public var description: String { "\(file):\(line):\(column)" }
}
