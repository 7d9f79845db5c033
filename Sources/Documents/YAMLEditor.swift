// Changes values in a YAML or JSON document in place: comments, order and style of everything else stay as their author wrote them.
import Core

/// Why a document was not edited: what stands there cannot be changed without touching something else.
public struct YAMLEditRefusal: Error, Sendable, Equatable {
  public var message: String
}

public enum YAMLEditor {
  /// Edits made to one document.
  static let stepLimit = 1000

  /// The file with one of its documents brought to `desired`, by the smallest edits that do it. Everything else keeps its bytes.
  /// - Parameters:
  ///   - range: the document's bytes, as `YAMLReader.documents` or `DocumentSplitter` tells them.
  ///   - isJSON: what is written anew is JSON.
  /// - Throws: YAMLEditRefusal when it cannot be done safely; each edit is read back, and must have done what it should and no more.
  public static func edit(_ bytes: [UInt8], document range: Range<Int>, to desired: Value, isJSON: Bool = false)
    throws(YAMLEditRefusal) -> [UInt8]
  {
    guard let whole = String(validating: bytes[range], as: UTF8.self) else { throw refusal("the document is no UTF-8 text") }
    var text = Array(whole.unicodeScalars)
    guard text.first?.value != 0xFEFF else { throw refusal("the document begins with a byte order mark") }
    for _ in 0..<stepLimit {
      let (node, span) = try read(text)
      if node.value == desired { return Array(bytes[..<range.lowerBound]) + encoded(text) + Array(bytes[range.upperBound...]) }
      let step = YAMLEditStep(text: text, isJSON: isJSON)
      guard let edit = try step.first(node, span, desired, after: nil) else { throw refusal("the difference cannot be written") }
      let before = node.value
      text.replaceSubrange(edit.range, with: Array(edit.text.unicodeScalars))
      let after = try read(text).0.value
      guard after == edit.result(before) else { throw refusal("the edit would change more than it should") }
    }
    throw refusal("it takes more than \(stepLimit) edits")
  }

  /// The file without one of its documents, and without the `---` that kept it apart.
  public static func remove(_ bytes: [UInt8], document range: Range<Int>) -> [UInt8] {
    let others = DocumentSplitter.split(bytes).filter { $0.range != range }
    guard !others.isEmpty else { return [] }
    func line(before at: Int) -> Range<Int>? {
      guard at > 0 else { return nil }
      var start = at - 1
      while start > 0, bytes[start - 1] != 10 { start -= 1 }
      return start..<at
    }
    var cut = range
    let previous = line(before: range.lowerBound)
    let isMarker = previous.map { bytes[$0].starts(with: Array("---".utf8)) } ?? false
    if let previous, isMarker, previous.lowerBound > 0 {
      // The marker above goes with it; what follows has its own.
      cut = previous.lowerBound..<range.upperBound
    } else if let next = others.first(where: { $0.range.lowerBound >= range.upperBound }) {
      cut = (isMarker ? previous?.lowerBound ?? range.lowerBound : range.lowerBound)..<next.range.lowerBound
    }
    return Array(bytes[..<cut.lowerBound]) + Array(bytes[cut.upperBound...])
  }

  static func refusal(_ why: String) -> YAMLEditRefusal { YAMLEditRefusal(message: why) }

  private static func encoded(_ text: [Unicode.Scalar]) -> [UInt8] {
    var string = String.UnicodeScalarView()
    string.append(contentsOf: text)
    return Array(String(string).utf8)
  }

  private static func read(_ text: [Unicode.Scalar]) throws(YAMLEditRefusal) -> (Node, YAMLSpan) {
    let bytes = encoded(text)
    let (documents, problems) = YAMLReader.documents(bytes, file: "")
    guard problems.isEmpty, documents.count == 1, let node = documents[0].node, let span = YAMLSpanReader.read(text) else {
      throw refusal("the document cannot be read back")
    }
    return (node, span)
  }
}
