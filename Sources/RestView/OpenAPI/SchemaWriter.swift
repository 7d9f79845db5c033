// Fields, views and templates to JSON Schema, as OpenAPI 3.1 uses it.
import Core
import Kinds

struct SchemaWriter {
  /// Views within views are described this deep; below, any value.
  private static let depthLimit = 8

  let ids: IDCodec

  // MARK: What clients send

  /// A body or object: members with their limits, nothing else allowed.
  func request(_ members: [FieldSpec]) -> Value {
    var properties = ObjectMap()
    for member in members { properties[member.name] = request(member) }
    var schema: ObjectMap = ["type": "object", "properties": .object(properties), "additionalProperties": false]
    let required = members.filter { $0.required && $0.defaultValue == nil }.map(\.name)
    if !required.isEmpty { schema["required"] = .list(required.map(Value.string)) }
    return .object(schema)
  }

  /// One member with its limits. Null clears or leaves out what is not required.
  func request(_ field: FieldSpec, nullable: Bool = true) -> Value {
    var schema = ObjectMap()
    if let doc = field.doc { schema["description"] = .string(doc) }
    if field.reference != nil || field.idOf != nil, field.type != .list {
      schema["type"] = "string"
      schema["minLength"] = 1
      if let kind = field.reference?.kind ?? field.idOf {
        switch ids.style(kind) {
        case .uuid: schema["format"] = "uuid"
        case .objectid: schema["pattern"] = .string(Self.objectID)
        default: break
        }
      }
    } else {
      limits(field, &schema)
    }
    if nullable, !field.required, let type = schema["type"] {
      schema["type"] = [type, "null"]
      if let allowed = schema["enum"]?.list { schema["enum"] = .list(allowed + [.null]) }
    }
    if field.secret != nil { schema["writeOnly"] = true }
    return .object(schema)
  }

  private func limits(_ field: FieldSpec, _ schema: inout ObjectMap) {
    if let name = Self.type(field.type) { schema["type"] = .string(name) }
    switch field.type {
    case .string:
      if let min = field.min { schema["minLength"] = .int(Int(min)) }
      if let max = field.max { schema["maxLength"] = .int(Int(max)) }
      if let pattern = field.pattern { schema["pattern"] = .string(pattern) }
      if let format = field.format.flatMap({ Self.formats[$0] }) { schema["format"] = .string(format) }
    case .integer, .number:
      if let min = field.min { schema["minimum"] = Self.number(min) }
      if let max = field.max { schema["maximum"] = Self.number(max) }
    case .decimal: schema["type"] = ["string", "number"]
    case .timestamp: schema["format"] = "date-time"
    case .date: schema["format"] = "date"
    case .list:
      if let min = field.min { schema["minItems"] = .int(Int(min)) }
      if let max = field.max { schema["maxItems"] = .int(Int(max)) }
      if let of = field.of { schema["items"] = request(of, nullable: false) }
    case .map:
      if let min = field.min { schema["minProperties"] = .int(Int(min)) }
      if let max = field.max { schema["maxProperties"] = .int(Int(max)) }
      if let of = field.of { schema["additionalProperties"] = request(of, nullable: false) }
    case .object:
      if !field.fields.isEmpty, case .object(let inner) = request(field.fields) {
        for (name, value) in inner { schema[name] = value }
      }
    case .bytes: schema["contentEncoding"] = "base64"
    case .boolean, .duration, .blob, .any: break
    }
    if !field.allowed.isEmpty { schema["enum"] = .list(field.allowed.map(Value.string)) }
  }

  private static func number(_ number: Double) -> Value { Int(exactly: number).map(Value.int) ?? .double(number) }

  /// 24 digits, or the uuid of an object that was made before.
  static let objectID = "^([0-9a-fA-F]{24}|[0-9a-fA-F-]{36})$"
  private static let formats = ["email": "email", "url": "uri", "hostname": "hostname", "domain": "hostname", "uuid": "uuid"]

  /// Nil: any value.
  private static func type(_ type: FieldSpec.FieldType) -> String? {
    switch type {
    case .string, .timestamp, .date, .duration, .bytes, .blob, .decimal: "string"
    case .integer: "integer"
    case .number: "number"
    case .boolean: "boolean"
    case .map, .object: "object"
    case .list: "array"
    case .any: nil
    }
  }

  // MARK: What the server answers

  func response(_ plan: ViewPlan, depth: Int = 0) -> Value {
    if depth > Self.depthLimit { return [:] }
    if let bare = plan.bare { return response(bare, depth: depth) }
    var properties = ObjectMap()
    for member in plan.members { properties[member.name] = member.map == nil ? response(member.output, depth: depth) : [:] }
    let required = plan.members.filter { !$0.omitNull }.map { Value.string($0.name) }
    var schema: ObjectMap = ["type": "object", "properties": .object(properties)]
    if !required.isEmpty { schema["required"] = .list(required) }
    return .object(schema)
  }

  private func response(_ output: ViewPlan.Output, depth: Int) -> Value {
    switch output {
    case .identifier: return ["type": "string"]
    case .created, .updated: return ["type": ["string", "null"], "format": "date-time"]
    case .field(let field, _): return shown(field)
    case .program: return [:]
    case .object(let plan): return response(plan, depth: depth + 1)
    case .items(let plan): return ["type": "array", "items": response(plan, depth: depth + 1)]
    case .reveal: return ["type": ["string", "null"]]
    case .reference(_, let plan):
      guard let plan else { return [:] }
      return ["anyOf": [response(plan, depth: depth + 1), ["type": "null"]]]
    case .total(let plan): return ["type": plan.kind.field(plan.total.sum)?.type == .integer ? "integer" : "string"]
    case .related(let related):
      if related.spec.count { return ["type": "integer"] }
      if related.spec.first {
        return ["anyOf": [related.view.map { response($0, depth: depth + 1) } ?? ["type": "string"], ["type": "null"]]]
      }
      return ["type": "array", "items": related.view.map { response($0, depth: depth + 1) } ?? ["type": "string"]]
    }
  }

  /// Types alone: limits bind what is written, not what older data may hold.
  private func shown(_ field: FieldSpec) -> Value {
    var schema = ObjectMap()
    if let doc = field.doc { schema["description"] = .string(doc) }
    if field.isObserved || field.secret != nil { return .object(schema) }
    guard let name = Self.type(field.type) else { return .object(schema) }
    schema["type"] = [.string(name), "null"]
    if field.type == .timestamp { schema["format"] = "date-time" }
    return .object(schema)
  }

  /// A body template with the schemas of its holes.
  func template(_ value: Value, data: Value, items: Value) -> Value {
    switch value {
    case .string(let text) where text.hasPrefix("$"):
      switch TemplateHole(rawValue: String(text.dropFirst())) {
      case .data: return data
      case .items: return items
      case .total: return ["type": ["integer", "null"]]
      case .limit, .offset, .page, .status: return ["type": "integer"]
      case .nextCursor, .id: return ["type": ["string", "null"]]
      case .errors: return ["type": "array", "items": ["type": "object"]]
      case .details: return ["type": "object"]
      default: return ["type": "string"]
      }
    case .object(let map):
      var properties = ObjectMap()
      for (name, inner) in map where name != "..." { properties[name] = template(inner, data: data, items: items) }
      return ["type": "object", "properties": .object(properties), "required": .list(properties.keys.map(Value.string))]
    case .list(let list): return ["type": "array", "items": list.first.map { template($0, data: data, items: items) } ?? [:]]
    default: return ["const": value]
    }
  }
}
