// One document of a file: its tree and where its text stands.
import Core

public struct DocumentText: Sendable {
  /// nil when the document had a fault.
  public var node: Node?
  /// The line, counted from 1, on which the document's text begins.
  public var firstLine: Int
  /// The bytes of the file that hold the document. A document that moves within its file keeps the same bytes.
  public var range: Range<Int>

  public init(node: Node?, firstLine: Int, range: Range<Int>) {
    self.node = node
    self.firstLine = firstLine
    self.range = range
  }
}
