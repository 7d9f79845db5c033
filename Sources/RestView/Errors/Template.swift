// A family's body templates: JSON in which some texts are holes, compiled to byte pieces once.
import Core

/// What a template may leave open.
enum TemplateHole: String, Sendable, CaseIterable {
  case data, items, total, limit, offset, page, nextCursor, requestId, id, version
  case code, message, details, errors, status
}

struct Template: Sendable {
  enum Piece: Sendable {
    case bytes([UInt8])
    case hole(TemplateHole)
    /// Members of an object, put at this level; each with a comma before it when `comma`.
    case spread(TemplateHole, comma: Bool)
  }

  let pieces: [Piece]
  /// Texts that look like holes but are none.
  let unknown: [String]

  /// Compiles `value`: a text `"$name"` is a hole, a member `"...": "$name"` a spread.
  init(_ value: Value) {
    var builder = Builder()
    builder.add(value)
    builder.flush()
    pieces = builder.pieces
    unknown = builder.unknown
  }

  func has(_ hole: TemplateHole) -> Bool {
    pieces.contains {
      switch $0 {
      case .hole(hole), .spread(hole, _): true
      default: false
      }
    }
  }

  var holes: Set<TemplateHole> {
    Set(
      pieces.compactMap {
        switch $0 {
        case .hole(let hole), .spread(let hole, _): hole
        case .bytes: nil
        }
      })
  }

  /// True when the body is nothing but the data.
  var isPlain: Bool {
    if pieces.count == 1, case .hole = pieces[0] { true } else { false }
  }

  /// Writes the template; `fill` writes the JSON text of a hole, `members` gives what is spread.
  func write(to out: inout [UInt8], members: ObjectMap = [:], fill: (TemplateHole, inout [UInt8]) -> Void) {
    for piece in pieces {
      switch piece {
      case .bytes(let bytes): out.append(contentsOf: bytes)
      case .hole(let hole): fill(hole, &out)
      case .spread(_, let comma):
        for at in members.keys.indices {
          if comma || at > 0 { out.append(UInt8(ascii: ",")) }
          JSON.write(members.keys[at], to: &out)
          out.append(UInt8(ascii: ":"))
          JSON.write(members.values[at], to: &out)
        }
      }
    }
  }

  private struct Builder {
    var pieces: [Piece] = []
    var unknown: [String] = []
    private var pending: [UInt8] = []

    mutating func flush() {
      if !pending.isEmpty { pieces.append(.bytes(pending)) }
      pending = []
    }

    mutating func add(_ value: Value) {
      switch value {
      case .string(let text) where text.hasPrefix("$"):
        guard let hole = TemplateHole(rawValue: String(text.dropFirst())) else {
          unknown.append(text)
          return JSON.write(value, to: &pending)
        }
        flush()
        pieces.append(.hole(hole))
      case .list(let items):
        pending.append(UInt8(ascii: "["))
        for (at, item) in items.enumerated() {
          if at > 0 { pending.append(UInt8(ascii: ",")) }
          add(item)
        }
        pending.append(UInt8(ascii: "]"))
      case .object(let map): add(map)
      default: JSON.write(value, to: &pending)
      }
    }

    /// Spreads come last, so that commas need no look ahead.
    private mutating func add(_ map: ObjectMap) {
      pending.append(UInt8(ascii: "{"))
      var first = true
      for (name, value) in map where name != "..." {
        if !first { pending.append(UInt8(ascii: ",")) }
        first = false
        JSON.write(name, to: &pending)
        pending.append(UInt8(ascii: ":"))
        add(value)
      }
      if let text = map["..."]?.string {
        if let hole = TemplateHole(rawValue: String(text.dropFirst())) {
          flush()
          pieces.append(.spread(hole, comma: !first))
        } else {
          unknown.append(text)
        }
      }
      pending.append(UInt8(ascii: "}"))
    }
  }
}
