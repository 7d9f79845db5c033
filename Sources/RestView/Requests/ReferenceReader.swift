// Public ids in bodies to uids, wherever a field is a reference.
import Core
import Kinds

struct ReferenceReader {
  let ids: IDCodec
  private(set) var problems: [Problem] = []

  init(ids: IDCodec) { self.ids = ids }

  /// The value with every reference as a uid; what is no id of its kind is a fault.
  mutating func read(_ value: Value, _ field: FieldSpec, pointer: String) -> Value {
    if let kind = field.reference?.kind ?? field.idOf, field.type != .list { return uid(value, kind, pointer) }
    switch value {
    case .list(let items):
      guard let of = field.of else { return value }
      return .list(items.enumerated().map { read($1, of, pointer: "\(pointer)/\($0)") })
    case .object(var map):
      for (name, item) in map {
        let member = field.type == .map ? field.of : field.fields.first { $0.name == name }
        if let member { map[name] = read(item, member, pointer: "\(pointer)/\(FieldCheck.escape(name))") }
      }
      return .object(map)
    default: return value
    }
  }

  private mutating func uid(_ value: Value, _ kind: String, _ pointer: String) -> Value {
    if value.isNull { return value }
    guard let text = value.string else {
      problems.append(
        Problem(
          .invalid, code: ProblemCode.badField, "the id of \(Spelling.one(kind)) is expected, not a \(value.typeName)",
          pointer: pointer))
      return value
    }
    switch ids.read(text, kind: kind) {
    case .uid(let uid): return .string(uid.description)
    case .name(let name): return .string(name)
    case nil:
      problems.append(
        Problem(
          .invalid, code: ProblemCode.badField, "\"\(text.prefix(80))\" is no id of \(Spelling.one(kind))", pointer: pointer))
      return value
    }
  }
}
