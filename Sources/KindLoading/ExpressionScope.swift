// The names that an expression may read at one position of a spec.

/// What a name stands for.
indirect enum NameMeaning: Sendable {
  /// An object of the kind: its fields, inverses and facts.
  case object(kind: String)
  /// Exactly these members.
  case members([String: NameMeaning])
  /// A single value without members.
  case leaf
  /// Anything below it goes.
  case open
}

/// Names by their meaning. With `kind` the fields of that kind stand bare as well.
struct ExpressionScope: Sendable {
  var names: [String: NameMeaning]
  /// Names that a field of the object goes before.
  var softNames: [String: NameMeaning] = [:]
  /// The kind whose fields, inverses and facts are bare names.
  var kind: String?
  /// Some name here could not be determined, so that unknown names are let pass.
  var isOpen = false

  init(_ names: [String: NameMeaning] = [:], kind: String? = nil) {
    self.names = names
    self.kind = kind
  }

  func adding(_ name: String, _ meaning: NameMeaning) -> ExpressionScope {
    var copy = self
    copy.names[name] = meaning
    return copy
  }

  func adding(_ more: [String: NameMeaning]) -> ExpressionScope {
    var copy = self
    copy.names.merge(more) { $1 }
    return copy
  }

  /// Rules, lets and events of a kind: `self`, `old`, and the object's fields by bare name.
  static func object(_ kind: String) -> ExpressionScope {
    ExpressionScope(["self": .object(kind: kind), "old": .object(kind: kind), "now": .leaf, "caller": .open], kind: kind)
  }

  /// Constants: defaults, before there is an object.
  static let constant = ExpressionScope(["now": .leaf, "caller": .open])
}
