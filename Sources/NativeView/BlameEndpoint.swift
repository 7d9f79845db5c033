// GET objects/{kind}/{name}/blame: who set each field, from which commit and line, when.
import Core
import HTTPServer
import Kinds
import Planning
import Ports

extension NativeHandler {
  /// `{kind, name, items: [{path, value, secret, manager, actor, at, commit?, file?, line?, also?}]}`, in the order of the kind.
  func blame(_ request: NativeRequest) async throws -> HTTPResponse {
    let (object, kind) = try await object(request)
    let names = try await ReferenceNames.read([object], catalog: catalog, store: store, caller: request.caller)
    let shape = ObjectShape(catalog: catalog, names: names, caller: request.caller)
    var items: [Value] = []
    var spec = ObjectMap()
    for field in kind.fields { if let value = object.spec[field.name] { spec[field.name] = value } }
    for (path, value) in SpecDiff.leaves(spec, kind) {
      let field = PlanShape.field(path, kind)
      let secret = field?.secret != nil
      var map: ObjectMap = [
        "path": .string("spec." + path), "value": secret ? .null : shape.value(value, field), "secret": .bool(secret),
      ]
      // A part of a field that has one owner is that owner's.
      let owner = object.owners[path] ?? object.owners.first { path.hasPrefix($0.key + ".") }?.value
      if let owner {
        for (key, value) in ObjectShape.owner(owner).object ?? [:] { map[key] = value }
        if !owner.also.isEmpty { map["also"] = .list(owner.also.map(ObjectShape.owner)) }
      }
      items.append(.object(map))
    }
    return NativeAnswer.json(["kind": .string(object.kind), "name": .string(object.name), "items": .list(items)])
  }
}
