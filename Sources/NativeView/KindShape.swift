// A kind as `plumb explain` shows it: fields, types, defaults, rules, routes.
import Core
import Kinds

enum KindShape {
  static func summary(_ kind: KindSpec) -> ObjectMap {
    [
      "name": .string(kind.name), "family": .string(kind.family), "apiVersion": .string(kind.apiVersion),
      "storage": .string(kind.storage.rawValue), "scope": .string(kind.scope.rawValue), "doc": .string(kind.doc),
      "controller": Value(kind.controller),
    ]
  }

  static func whole(_ kind: KindSpec, catalog: KindCatalog) -> Value {
    var map = summary(kind)
    map["identity"] = Value(kind.identityField)
    map["fields"] = .list(kind.fields.map { .object(field($0)) })
    map["unique"] = .list(kind.unique.map { .list($0.fields.map(Value.string)) })
    map["inverse"] = .list(
      kind.inverses.map { ["name": .string($0.name), "kind": .string($0.kind), "field": .string($0.field)] })
    map["rules"] = .list(
      kind.rules.map { rule in
        [
          "when": Value(rule.when?.source), "require": .string(rule.require.source), "code": .string(rule.code),
          "message": .string(rule.message),
        ]
      })
    if let observe = kind.observe {
      map["observe"] = [
        "every": .string("\(Int(observe.every.inSeconds))s"), "onDrift": .string(observe.onDrift.rawValue),
        "how": Value(observe.how),
      ]
    }
    map["effects"] = .list(kind.effects.map { ["when": Value($0.when?.source), "say": .string($0.say.source)] })
    if kind.lifecycle.replace { map["replace"] = true }
    map["events"] = .list(kind.events.map { ["name": .string($0.name), "doc": .string($0.doc)] })
    map["routes"] = .list(catalog.routes.filter { $0.kind == kind.name }.map { route($0, catalog) })
    return .object(map)
  }

  private static func route(_ route: RouteSpec, _ catalog: KindCatalog) -> Value {
    let base = route.atRoot ? "" : catalog.family(route.family)?.base ?? ""
    let path = route.path.map { segment in
      switch segment {
      case .literal(let text): "/" + text
      case .parameter(let name): "/{\(name)}"
      }
    }
    return [
      "id": .string(route.id), "method": .string(route.method), "path": .string(base + path.joined()),
      "family": .string(route.family),
    ]
  }

  private static func field(_ field: FieldSpec) -> ObjectMap {
    var map: ObjectMap = ["name": .string(field.name), "type": .string(field.type.rawValue)]
    if let doc = field.doc { map["doc"] = .string(doc) }
    if field.required { map["required"] = true }
    if field.immutable { map["immutable"] = true }
    if let reason = field.immutableBecause { map["immutableBecause"] = .string(reason) }
    if field.replace { map["replace"] = true }
    if field.writer != .any { map["writer"] = .string(field.writer.rawValue) }
    if let secret = field.secret { map["secret"] = .string(secret.rawValue) }
    if let standard = field.defaultValue { map["default"] = .string(standard.source) }
    if field.computed != nil { map["computed"] = true }
    if field.generate != nil { map["generated"] = true }
    if !field.allowed.isEmpty { map["enum"] = .list(field.allowed.map(Value.string)) }
    if let least = field.min { map["min"] = number(least) }
    if let most = field.max { map["max"] = number(most) }
    if let pattern = field.pattern { map["pattern"] = .string(pattern) }
    if let format = field.format { map["format"] = .string(format) }
    if let reference = field.reference {
      map["reference"] = [
        "kind": .string(reference.kind), "onDelete": .string(reference.onDelete.rawValue),
        "crossTenant": .bool(reference.crossTenant),
      ]
    }
    if !field.fields.isEmpty { map["fields"] = .list(field.fields.map { .object(self.field($0)) }) }
    if let of = field.of { map["of"] = .object(self.field(of)) }
    return map
  }

  private static func number(_ value: Double) -> Value { Int(exactly: value).map(Value.int) ?? .double(value) }
}
