// A header value with holes: "$requestId", "$version", "$total" within plain text.

struct TextTemplate: Sendable {
  private enum Piece: Sendable {
    case text(String)
    case hole(TemplateHole)
  }
  private let pieces: [Piece]
  let unknown: [String]

  init(_ source: String) {
    var pieces: [Piece] = []
    var unknown: [String] = []
    var rest = source[...]
    while let mark = rest.firstIndex(of: "$") {
      if mark > rest.startIndex { pieces.append(.text(String(rest[..<mark]))) }
      let name = rest[rest.index(after: mark)...].prefix { $0.isASCII && $0.isLetter }
      if let hole = TemplateHole(rawValue: String(name)) {
        pieces.append(.hole(hole))
      } else {
        unknown.append("$" + name)
      }
      rest = rest[name.endIndex...]
    }
    if !rest.isEmpty { pieces.append(.text(String(rest))) }
    self.pieces = pieces
    self.unknown = unknown
  }

  /// The text without holes; nil when it has some.
  var constant: String? {
    var text = ""
    for piece in pieces {
      guard case .text(let part) = piece else { return nil }
      text += part
    }
    return text
  }

  /// Nil when a hole has no value: the header is then left out.
  func text(_ value: (TemplateHole) -> String?) -> String? {
    if pieces.count == 1, case .hole(let hole) = pieces[0] { return value(hole) }
    var text = ""
    for piece in pieces {
      switch piece {
      case .text(let part): text += part
      case .hole(let hole):
        guard let part = value(hole) else { return nil }
        text += part
      }
    }
    return text
  }
}
