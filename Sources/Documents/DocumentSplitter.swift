// Cuts a YAML file into its documents without parsing them, so that unchanged ones need only be hashed.
import Foundation

/// A document's bytes, unread.
public struct RawDocument: Sendable, Hashable {
  /// Counted from 1.
  public var firstLine: Int
  public var range: Range<Int>
}

/// `---` at the start of a line always ends a document in YAML, inside block and quoted scalars too: so lines decide.
public enum DocumentSplitter {
  /// The documents of `bytes` in order. A lone `---` line belongs to no document; those that hold only space and comments
  /// are left out. Directives (`%YAML 1.2`) stay with the document that they precede.
  public static func split(_ bytes: [UInt8]) -> [RawDocument] {
    bytes.withUnsafeBufferPointer { split($0) }
  }

  static func split(_ bytes: UnsafeBufferPointer<UInt8>) -> [RawDocument] {
    var cutter = Cutter()
    var at = bytes.starts(with: byteOrderMark) ? byteOrderMark.count : 0
    var line = 1
    cutter.begin(at: at, line: 1)
    while at < bytes.count {
      let rest = UnsafeRawPointer(bytes.baseAddress! + at)
      let end = memchr(rest, 10, bytes.count - at).map { UnsafeRawPointer($0) - UnsafeRawPointer(bytes.baseAddress!) + 1 }
      let next = end ?? bytes.count
      cutter.take(UnsafeBufferPointer(rebasing: bytes[at..<next]), at: at, next: next, line: line)
      at = next
      line += 1
    }
    cutter.finish(at: bytes.count)
    return cutter.documents
  }

  static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

  /// Takes one line after another.
  private struct Cutter {
    var documents: [RawDocument] = []
    private var start = 0
    private var firstLine = 1
    /// Before the `---` of a document: only directives and comments were seen.
    private var inPrefix = true
    private var hasDirective = false
    private var hasContent = false

    mutating func begin(at offset: Int, line: Int) {
      start = offset
      firstLine = line
      inPrefix = true
      hasDirective = false
      hasContent = false
    }

    mutating func take(_ text: UnsafeBufferPointer<UInt8>, at offset: Int, next: Int, line: Int) {
      if isMarker(text, UInt8(ascii: "-")) {
        let alone = isBlank(text.dropFirst(3))
        if !(inPrefix && hasDirective) {
          finish(at: offset)
          start = alone ? next : offset
          firstLine = alone ? line + 1 : line
        }
        inPrefix = false
        hasDirective = false
        hasContent = !alone
      } else if isMarker(text, UInt8(ascii: ".")) {
        finish(at: offset)
        begin(at: next, line: line + 1)
        // What else stands on the line of a `...` is an error that the parser shall name.
        if !isBlank(text.dropFirst(3)) {
          start = offset
          firstLine = line
          hasContent = true
          inPrefix = false
        }
      } else if inPrefix, text.first == UInt8(ascii: "%") {
        hasDirective = true
      } else if !hasContent, !isBlank(text[...]) {
        hasContent = true
        inPrefix = false
      }
    }

    mutating func finish(at end: Int) {
      if hasContent || hasDirective { documents.append(RawDocument(firstLine: firstLine, range: start..<end)) }
      hasContent = false
    }

    /// Whether the line is three of `mark`, then space or its end.
    private func isMarker(_ text: UnsafeBufferPointer<UInt8>, _ mark: UInt8) -> Bool {
      guard text.count >= 3, text[0] == mark, text[1] == mark, text[2] == mark else { return false }
      return text.count == 3 || text[3] == 32 || text[3] == 10 || text[3] == 13 || text[3] == 9
    }

    /// Space alone, or a comment.
    private func isBlank(_ text: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
      for byte in text where byte != 32 && byte != 10 && byte != 13 && byte != 9 { return byte == UInt8(ascii: "#") }
      return true
    }
  }
}
