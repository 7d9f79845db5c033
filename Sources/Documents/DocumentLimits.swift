// How large and how tangled a user's file may be before it is refused.

/// Limits on one file of YAML or JSON.
public struct DocumentLimits: Sendable {
  /// Bytes in the file.
  public var fileBytes = 64 << 20
  /// Nodes in the file, those that aliases repeat included.
  public var nodes = 2_000_000
  /// Nodes that aliases may add to one document.
  public var aliasedNodes = 100_000
  /// Lists and maps within each other.
  public var depth = 64
  /// Faults reported for one file; the rest are only counted.
  public var problems = 200

  public init() {}
  public static let standard = DocumentLimits()
}
