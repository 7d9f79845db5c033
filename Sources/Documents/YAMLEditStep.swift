// One edit of a document: the first difference between what stands there and what should, and the text that removes it.
import Core

struct YAMLEdit {
  var range: Range<Int>
  var text: String
  /// What the document's value becomes by this edit alone.
  var result: (Value) -> Value
}

struct YAMLEditStep {
  let text: [Unicode.Scalar]
  let isJSON: Bool

  private var style: YAMLEditText { YAMLEditText(isJSON: isJSON) }
  private func refusal(_ why: String) -> YAMLEditRefusal { YAMLEditRefusal(message: why) }

  /// - Parameter after: where the text that leads to the node ends: behind the colon or dash. Nil for the whole document.
  func first(_ node: Node, _ span: YAMLSpan, _ desired: Value, after: Int?) throws(YAMLEditRefusal) -> YAMLEdit? {
    if node.value == desired { return nil }
    if span.form == .alias { throw refusal("the value is an alias (*) of another one") }
    if let members = node.members, case .object(let map) = desired, members.count == span.members.count, !map.isEmpty,
      !members.isEmpty
    {
      return try mapping(members, span, map)
    }
    if let items = node.items, case .list(let list) = desired, items.count == span.items.count, !list.isEmpty, !items.isEmpty {
      return try sequence(items, span, list)
    }
    return try replace(node, span, desired, after: after)
  }

  // MARK: Maps

  private func mapping(_ members: [Node.Member], _ span: YAMLSpan, _ desired: ObjectMap) throws(YAMLEditRefusal) -> YAMLEdit? {
    for (n, member) in members.enumerated() {
      guard let wanted = desired[member.key] else { return try remove(n, members, span) }
      if member.value.value == wanted { continue }
      let pair = span.members[n]
      guard var edit = try first(member.value, pair.value, wanted, after: try colon(after: pair.key) + 1) else { continue }
      let inner = edit.result
      edit.result = { value in
        var value = value
        value[member.key] = inner(value[member.key])
        return value
      }
      return edit
    }
    guard let new = desired.first(where: { entry in !members.contains { $0.key == entry.key } }) else { return nil }
    return try insert(new.key, new.value, span)
  }

  private func colon(after key: YAMLSpan) throws(YAMLEditRefusal) -> Int {
    var at = key.end
    while at < text.count, text[at].value == 32 || text[at].value == 9 { at += 1 }
    guard at < text.count, text[at] == ":" else { throw refusal("a key is not written as KEY: VALUE") }
    return at
  }

  private func remove(_ n: Int, _ members: [Node.Member], _ span: YAMLSpan) throws(YAMLEditRefusal) -> YAMLEdit {
    let key = members[n].key
    let result: (Value) -> Value = { value in
      var map = value.object ?? ObjectMap()
      map[key] = nil
      return .object(map)
    }
    let pair = span.members[n]
    try guardMarks(pair.value)
    let end = max(pair.value.end, try colon(after: pair.key) + 1)
    if span.form == .flowMapping {
      return YAMLEdit(
        range: try flowRange(n, span.members.map { ($0.key.start, max($0.value.end, $0.key.end)) }), text: "", result: result)
    }
    if isFirstOnLine(pair.key.start) { return YAMLEdit(range: lines(pair.key.start, end), text: "", result: result) }
    guard n + 1 < span.members.count else { throw refusal("the only key of a list item cannot be removed") }
    let next = span.members[n + 1].key.start
    try guardComments(pair.key.start..<next)
    return YAMLEdit(range: pair.key.start..<next, text: "", result: result)
  }

  private func insert(_ key: String, _ value: Value, _ span: YAMLSpan) throws(YAMLEditRefusal) -> YAMLEdit {
    guard let last = span.members.last else { throw refusal("an empty map cannot be added to") }
    let result: (Value) -> Value = { old in
      var map = old.object ?? ObjectMap()
      map[key] = value
      return .object(map)
    }
    let end = max(last.value.end, try colon(after: last.key) + 1)
    if span.form == .flowMapping {
      return YAMLEdit(range: end..<end, text: ", \(style.flow(.string(key))): \(style.flow(value))", result: result)
    }
    let at = lineEnd(end)
    return YAMLEdit(
      range: at..<at, text: newline + style.member(key, value, indent: span.members[0].key.column, newline: newline),
      result: result)
  }

  // MARK: Lists

  private func sequence(_ items: [Node], _ span: YAMLSpan, _ desired: [Value]) throws(YAMLEditRefusal) -> YAMLEdit? {
    let n =
      zip(items, desired).enumerated().first { $0.element.0.value != $0.element.1 }?.offset ?? min(items.count, desired.count)
    if items.count == desired.count {
      let after = span.form == .blockSequence ? try dash(before: span.items[n]) + 1 : nil
      guard var edit = try first(items[n], span.items[n], desired[n], after: after) else { return nil }
      let inner = edit.result
      edit.result = { value in
        var list = value.list ?? []
        if list.indices.contains(n) { list[n] = inner(list[n]) }
        return .list(list)
      }
      return edit
    }
    return items.count > desired.count ? try removeItem(n, span) : try insertItem(n, desired[n], span)
  }

  private func dash(before item: YAMLSpan) throws(YAMLEditRefusal) -> Int {
    var at = item.start - 1
    while at >= 0, text[at].value == 32 || text[at].value == 10 || text[at].value == 13 { at -= 1 }
    guard at >= 0, text[at] == "-" else { throw refusal("a list item is not written as - VALUE") }
    return at
  }

  private func removeItem(_ n: Int, _ span: YAMLSpan) throws(YAMLEditRefusal) -> YAMLEdit {
    let result: (Value) -> Value = { value in
      var list = value.list ?? []
      if list.indices.contains(n) { list.remove(at: n) }
      return .list(list)
    }
    try guardMarks(span.items[n])
    if span.form == .flowSequence {
      return YAMLEdit(range: try flowRange(n, span.items.map { ($0.start, $0.end) }), text: "", result: result)
    }
    let start = try dash(before: span.items[n])
    guard isFirstOnLine(start) else { throw refusal("the first item of a list within a list cannot be removed") }
    return YAMLEdit(range: lines(start, max(span.items[n].end, start + 1)), text: "", result: result)
  }

  private func insertItem(_ n: Int, _ value: Value, _ span: YAMLSpan) throws(YAMLEditRefusal) -> YAMLEdit {
    let result: (Value) -> Value = { old in
      var list = old.list ?? []
      list.insert(value, at: min(n, list.count))
      return .list(list)
    }
    if span.form == .flowSequence {
      if n < span.items.count {
        let at = span.items[n].start
        return YAMLEdit(range: at..<at, text: style.flow(value) + ", ", result: result)
      }
      let at = span.items[n - 1].end
      return YAMLEdit(range: at..<at, text: ", " + style.flow(value), result: result)
    }
    let column = try dash(before: span.items[0])
    let indent = column - lineStart(column)
    if n < span.items.count {
      let at = try dash(before: span.items[n])
      guard isFirstOnLine(at) else { throw refusal("nothing can be added at the start of a list within a list") }
      let start = lineStart(at)
      return YAMLEdit(range: start..<start, text: style.item(value, indent: indent, newline: newline) + newline, result: result)
    }
    let at = lineEnd(max(span.items[n - 1].end, try dash(before: span.items[n - 1]) + 1))
    return YAMLEdit(range: at..<at, text: newline + style.item(value, indent: indent, newline: newline), result: result)
  }

  // MARK: Values

  private func replace(_ node: Node, _ span: YAMLSpan, _ desired: Value, after: Int?) throws(YAMLEditRefusal) -> YAMLEdit {
    try guardMarks(span)
    let result: (Value) -> Value = { _ in desired }
    if span.isBlockCollection {
      guard let after else { throw refusal("the whole document cannot be replaced") }
      // What stands between the key and the block would go with it.
      try guardComments(after..<span.start)
      return YAMLEdit(range: after..<span.end, text: " " + style.flow(desired), result: result)
    }
    let isInFlow = after == nil || isWithinFlow(span.start)
    let shown =
      isInFlow ? style.flow(desired) : style.scalar(desired, like: span.form, indent: contentIndent(span), newline: newline)
    // An empty value stands directly behind its colon.
    let needsSpace = span.start > 0 && span.start == span.end && text[span.start - 1].value != 32
    return YAMLEdit(range: span.start..<span.end, text: (needsSpace ? " " : "") + shown, result: result)
  }

  /// Where the lines of a block scalar begin; nil for other forms.
  private func contentIndent(_ span: YAMLSpan) -> Int? {
    guard span.form == .block else { return nil }
    var at = lineEnd(span.start)
    while at < span.end {
      while at < span.end, text[at].value == 10 || text[at].value == 13 { at += 1 }
      var column = 0
      while at < span.end, text[at].value == 32 {
        at += 1
        column += 1
      }
      if at < span.end, text[at].value != 10, text[at].value != 13 { return column }
    }
    return nil
  }

  private func isWithinFlow(_ at: Int) -> Bool {
    guard let root = YAMLSpanReader.read(text) else { return true }
    func within(_ span: YAMLSpan) -> Bool {
      if span.isFlow, span.start < at, at < span.end { return true }
      return span.items.contains(where: within) || span.members.contains { within($0.value) }
    }
    return within(root)
  }

  // MARK: Lines

  private var newline: String { text.contains { $0.value == 13 } ? "\r\n" : "\n" }

  private func lineStart(_ at: Int) -> Int {
    var at = at
    while at > 0, text[at - 1].value != 10 { at -= 1 }
    return at
  }

  /// Before the line's break.
  private func lineEnd(_ at: Int) -> Int {
    var end = at
    while end < text.count, text[end].value != 10 { end += 1 }
    return end > at && end < text.count && text[end - 1].value == 13 ? end - 1 : end
  }

  private func isFirstOnLine(_ at: Int) -> Bool { text[lineStart(at)..<at].allSatisfy { $0.value == 32 } }

  /// Whole lines from one position to another; at the end of the text the break before them instead of the one behind.
  private func lines(_ start: Int, _ end: Int) -> Range<Int> {
    let from = lineStart(start)
    var to = lineEnd(end)
    if to == text.count, from > 0 { return (from > 1 && text[from - 2].value == 13 ? from - 2 : from - 1)..<to }
    while to < text.count, text[to].value == 13 { to += 1 }
    return from..<min(to + 1, text.count)
  }

  /// An entry of a flow collection, with the comma that goes with it.
  private func flowRange(_ n: Int, _ parts: [(start: Int, end: Int)]) throws(YAMLEditRefusal) -> Range<Int> {
    let range =
      n + 1 < parts.count
      ? parts[n].start..<parts[n + 1].start : n > 0 ? parts[n - 1].end..<parts[n].end : parts[n].start..<parts[n].end
    try guardComments(range)
    return range
  }

  /// A comment in the range would be lost.
  private func guardComments(_ range: Range<Int>) throws(YAMLEditRefusal) {
    for at in range
    where text[at] == "#" && (at == 0 || text[at - 1].value == 32 || text[at - 1].value == 10 || text[at - 1].value == 9) {
      throw refusal("a comment stands where the edit would be made")
    }
  }

  private func guardMarks(_ span: YAMLSpan) throws(YAMLEditRefusal) {
    if span.isMarked || span.form == .alias { throw refusal("the value has an anchor, a tag or is an alias") }
    for item in span.items { try guardMarks(item) }
    for member in span.members { try guardMarks(member.value) }
  }
}
