// What can be wrong with an expression: faults of its text, and failures of a run.

/// The faults of an expression's text: all that were found, in order, at most `limit`.
public struct CELError: Error, Sendable, Hashable, CustomStringConvertible {
  public static let limit = 20

  public struct Fault: Sendable, Hashable, CustomStringConvertible {
    /// From 1, within the source.
    public let line: Int
    /// From 1, in Unicode code points.
    public let column: Int
    public let message: String
    public var description: String { "\(line):\(column): \(message)" }
  }

  public let faults: [Fault]
  public var description: String { faults.map(\.description).joined(separator: "\n") }
}

/// Why a run gave no value.
public struct CELFailure: Error, Sendable, Hashable, CustomStringConvertible {
  public enum Kind: UInt8, Sendable, Hashable {
    /// An unknown name, key or member: `coalesce` passes over these.
    case absent
    /// The cost limit was reached: nothing overrules this.
    case limit
    case other
  }

  public let message: String
  public let kind: Kind

  public init(_ message: String, kind: Kind = .other) {
    self.message = message
    self.kind = kind
  }

  public var description: String { message }

  static let limit = CELFailure("the cost limit was reached", kind: .limit)
  static func noOverload(_ function: String, _ arguments: [CELValue]) -> CELFailure {
    CELFailure("no such overload: \(function)(\(arguments.map(\.typeName).joined(separator: ", ")))")
  }
  static func noKey(_ key: String) -> CELFailure { CELFailure("no such key: '\(key)'", kind: .absent) }
  static func noAttribute(_ name: String) -> CELFailure { CELFailure("no such attribute(s): \(name)", kind: .absent) }
}
