// Where each node of a YAML document begins and ends in its text: what an editor needs, and a tree of values does not tell.
import CLibYAML
import Core

/// One node with its place. Positions count Unicode scalars from the start of the document's text.
struct YAMLSpan {
  enum Form { case plain, singleQuoted, doubleQuoted, block, alias, flowSequence, blockSequence, flowMapping, blockMapping }
  struct Member {
    var key: YAMLSpan
    var value: YAMLSpan
  }

  var form: Form
  var start: Int
  /// After its last character that is not space; comments behind it do not count.
  var end: Int
  /// Counted from 0.
  var column: Int
  /// It has an anchor or a tag, which an edit would lose.
  var isMarked: Bool
  var items: [YAMLSpan] = []
  var members: [Member] = []

  var isFlow: Bool { form == .flowSequence || form == .flowMapping }
  var isBlockCollection: Bool { form == .blockSequence || form == .blockMapping }
}

/// Reads the spans of one document.
final class YAMLSpanReader {
  private var parser = yaml_parser_t()
  private var event = yaml_event_t()
  private let text: [Unicode.Scalar]
  private static let depthLimit = DocumentLimits.standard.depth
  private var depth = 0

  /// Nil when the text is not one document of sound YAML.
  static func read(_ text: [Unicode.Scalar]) -> YAMLSpan? {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count)
    for scalar in text { bytes.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter) }
    return bytes.withUnsafeBufferPointer { buffer -> YAMLSpan? in
      let reader = YAMLSpanReader(text)
      guard yaml_parser_initialize(&reader.parser) == 1 else { return nil }
      defer {
        yaml_event_delete(&reader.event)
        yaml_parser_delete(&reader.parser)
      }
      yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING)
      yaml_parser_set_input_string(&reader.parser, buffer.baseAddress, buffer.count)
      return reader.document()
    }
  }

  private init(_ text: [Unicode.Scalar]) { self.text = text }

  private func next() -> Bool {
    yaml_event_delete(&event)
    return yaml_parser_parse(&parser, &event) == 1
  }

  private func document() -> YAMLSpan? {
    guard next(), next(), event.type == YAML_DOCUMENT_START_EVENT, next(), let node = node() else { return nil }
    guard next(), event.type == YAML_DOCUMENT_END_EVENT, next(), event.type == YAML_STREAM_END_EVENT else { return nil }
    return node
  }

  private func node() -> YAMLSpan? {
    let (start, column) = (Int(event.start_mark.index), Int(event.start_mark.column))
    let end = Int(event.end_mark.index)
    switch event.type {
    case YAML_ALIAS_EVENT: return YAMLSpan(form: .alias, start: start, end: end, column: column, isMarked: true)
    case YAML_SCALAR_EVENT:
      let data = event.data.scalar
      let form: YAMLSpan.Form
      switch data.style {
      case YAML_SINGLE_QUOTED_SCALAR_STYLE: form = .singleQuoted
      case YAML_DOUBLE_QUOTED_SCALAR_STYLE: form = .doubleQuoted
      case YAML_LITERAL_SCALAR_STYLE, YAML_FOLDED_SCALAR_STYLE: form = .block
      default: form = .plain
      }
      return YAMLSpan(
        form: form, start: start, end: trimmed(end, after: start), column: column, isMarked: data.anchor != nil || data.tag != nil
      )
    case YAML_SEQUENCE_START_EVENT:
      let data = event.data.sequence_start
      let isFlow = data.style == YAML_FLOW_SEQUENCE_STYLE
      var span = YAMLSpan(
        form: isFlow ? .flowSequence : .blockSequence, start: start, end: start, column: column,
        isMarked: data.anchor != nil || data.tag != nil)
      depth += 1
      guard depth <= Self.depthLimit else { return nil }
      while next(), event.type != YAML_SEQUENCE_END_EVENT {
        guard let item = node() else { return nil }
        span.items.append(item)
      }
      guard event.type == YAML_SEQUENCE_END_EVENT else { return nil }
      depth -= 1
      span.end = isFlow ? Int(event.end_mark.index) : span.items.last?.end ?? start
      return span
    case YAML_MAPPING_START_EVENT:
      let data = event.data.mapping_start
      let isFlow = data.style == YAML_FLOW_MAPPING_STYLE
      var span = YAMLSpan(
        form: isFlow ? .flowMapping : .blockMapping, start: start, end: start, column: column,
        isMarked: data.anchor != nil || data.tag != nil)
      depth += 1
      guard depth <= Self.depthLimit else { return nil }
      while next(), event.type != YAML_MAPPING_END_EVENT {
        guard let key = node(), next(), let value = node() else { return nil }
        span.members.append(.init(key: key, value: value))
      }
      guard event.type == YAML_MAPPING_END_EVENT else { return nil }
      depth -= 1
      span.end = isFlow ? Int(event.end_mark.index) : span.members.last.map { max($0.key.end, $0.value.end) } ?? start
      return span
    default: return nil
    }
  }

  /// Block scalars end where the next line begins.
  private func trimmed(_ end: Int, after start: Int) -> Int {
    var end = min(end, text.count)
    while end > start, text[end - 1].value == 10 || text[end - 1].value == 13 || text[end - 1].value == 32 { end -= 1 }
    return end
  }
}
