// Objects through a view into JSON bytes.
import Core
import Expressions
import Kinds
import Ports

/// Writes one answer. Outputs that fail show null: a view never breaks an answer that the commit has already decided.
struct ViewWriter {
  /// An output may walk over a whole page of objects.
  static let costLimit = 2_000_000

  let ids: IDCodec
  let sealing: any SecretSealing
  /// What the request gives to expressions.
  let names: [String: CELValue]
  /// The page of a list route, for replies that hold it.
  var items: (objects: [StoredObject], kind: KindSpec, page: PageData)?
  /// Last use of keys, where the view shows it.
  var lastUse: [UID: Timestamp] = [:]

  func write(_ plan: ViewPlan, _ object: ObjectValue?, to out: inout [UInt8]) {
    if let bare = plan.bare { return write(bare, object, nil, to: &out) }
    out.append(UInt8(ascii: "{"))
    var isFirst = true
    for member in plan.members {
      let mark = out.count
      if !isFirst { out.append(UInt8(ascii: ",")) }
      out.append(contentsOf: member.key)
      let start = out.count
      write(member.output, object, member.map, to: &out)
      if member.omitNull, isNull(out, from: start) {
        out.removeLast(out.count - mark)
      } else {
        isFirst = false
      }
    }
    out.append(UInt8(ascii: "}"))
  }

  func write(_ plan: ViewPlan, list objects: [StoredObject], kind: KindSpec, page: PageData, to out: inout [UInt8]) {
    out.append(UInt8(ascii: "["))
    for (at, object) in objects.enumerated() {
      if at > 0 { out.append(UInt8(ascii: ",")) }
      write(plan, ObjectValue(object, kind: kind, needs: plan.needs, page: page, ids: ids), to: &out)
    }
    out.append(UInt8(ascii: "]"))
  }

  private func isNull(_ out: [UInt8], from start: Int) -> Bool {
    out.count - start == 4 && out[start] == UInt8(ascii: "n") && out[start + 1] == UInt8(ascii: "u")
  }

  private func write(_ output: ViewPlan.Output, _ object: ObjectValue?, _ map: [String: String]?, to out: inout [UInt8]) {
    switch output {
    case .identifier: JSON.write(object.map { ids.text($0.object) } ?? "", to: &out)
    case .created: write(object?.object.created, to: &out)
    case .updated: write(object?.object.updated, to: &out)
    case .field(let field, let spelling):
      guard let object else { return Self.null(&out) }
      self.field(field, spelling, object, map, to: &out)
    case .program(let program):
      let value = program.evaluate(RouteScope(scopeNames(object), object: object), limit: Self.costLimit)
      write((try? value.get()) ?? .null, map, to: &out)
    case .object(let plan): write(plan, object, to: &out)
    case .reference(let name, let plan): reference(name, plan, object, to: &out)
    case .related(let plan): related(plan, object, to: &out)
    case .total(let plan): JSON.write(object.flatMap { $0.page.totals[plan.number]?[$0.object.uid] } ?? 0, to: &out)
    case .reveal(let field, let fallback):
      if let plain = object.flatMap({ reveal(field, $0.object) }) { return JSON.write(plain, to: &out) }
      write((try? fallback?.evaluate(RouteScope(names, object: object)).get()) ?? .null, nil, to: &out)
    case .items(let plan):
      guard let items else { return out.append(contentsOf: "[]".utf8) }
      write(plan, list: items.objects, kind: items.kind, page: items.page, to: &out)
    }
  }

  private func scopeNames(_ object: ObjectValue?) -> [String: CELValue] {
    guard !lastUse.isEmpty, let uid = object?.object.uid else { return names }
    var names = names
    names["lastUsedAt"] = lastUse[uid].map { FieldConversion.expression($0) } ?? .null
    return names
  }

  /// A stored value as it is: references become ids, secrets nothing.
  private func field(
    _ field: FieldSpec, _ spelling: FamilySpec.Case?, _ object: ObjectValue, _ map: [String: String]?, to out: inout [UInt8]
  ) {
    let stored = Builtins.stored(field, of: object.object, kind: object.kind)
    if field.reference != nil || field.of?.reference != nil || field.idOf != nil || field.secret != nil {
      return write(object.member(field.name) ?? .null, map, to: &out)
    }
    switch stored {
    case .list, .object:
      let shown = FieldConversion.shown(stored, field)
      if map != nil { return write(CELValue(shown), map, to: &out) }
      JSON.write(spelling.map { MemberSpelling.shown(shown, field, $0) } ?? shown, to: &out)
    case .string(let text): JSON.write(map?[text] ?? text, to: &out)
    default: JSON.write(stored, to: &out)
    }
  }

  private func reference(_ name: String, _ plan: ViewPlan?, _ object: ObjectValue?, to out: inout [UInt8]) {
    guard let object else { return Self.null(&out) }
    let value = object.member(name) ?? .null
    func one(_ value: CELValue) {
      guard let plan, case .object(let target as ObjectValue) = value else {
        return plan == nil ? write(value, nil, to: &out) : Self.null(&out)
      }
      write(plan, target, to: &out)
    }
    guard case .list(let targets) = value else { return one(value) }
    out.append(UInt8(ascii: "["))
    for (at, target) in targets.enumerated() {
      if at > 0 { out.append(UInt8(ascii: ",")) }
      one(target)
    }
    out.append(UInt8(ascii: "]"))
  }

  private func related(_ plan: RelatedPlan, _ object: ObjectValue?, to out: inout [UInt8]) {
    guard let object, let data = object.page.related[plan.number] else {
      return out.append(contentsOf: (plan.spec.count ? "0" : plan.spec.first ? "null" : "[]").utf8)
    }
    if plan.spec.count { return JSON.write(data.counts[object.object.uid] ?? 0, to: &out) }
    let own = data.objects[object.object.uid] ?? []
    if plan.spec.first {
      guard let one = own.first else { return Self.null(&out) }
      guard let view = plan.view else { return JSON.write(ids.text(one), to: &out) }
      return write(view, ObjectValue(one, kind: plan.kind, needs: view.needs, page: data.page, ids: ids), to: &out)
    }
    guard let view = plan.view else {
      return JSON.write(.list(own.map { .string(ids.text($0)) }), to: &out)
    }
    write(view, list: own, kind: plan.kind, page: data.page, to: &out)
  }

  private func reveal(_ field: FieldSpec, _ object: StoredObject) -> String? {
    guard let sealed = Builtins.sealed(field, of: object) else { return nil }
    return try? sealing.open(sealed, context: "\(object.kind).\(ids.catalog.kind(object.kind)?.sealedName(field) ?? field.name)")
  }

  private func write(_ time: Timestamp?, to out: inout [UInt8]) {
    if let time { JSON.write(time.description, to: &out) } else { Self.null(&out) }
  }

  /// What an expression gave; objects as their ids.
  func write(_ value: CELValue, _ map: [String: String]?, to out: inout [UInt8]) {
    switch value {
    case .string(let text): JSON.write(map?[text] ?? text, to: &out)
    case .int(let number): JSON.write(number, to: &out)
    case .bool(let flag): out.append(contentsOf: (flag ? "true" : "false").utf8)
    case .null, .error: Self.null(&out)
    case .object(let object as ObjectValue): JSON.write(ids.text(object.object), to: &out)
    case .list(let items):
      out.append(UInt8(ascii: "["))
      for (at, item) in items.enumerated() {
        if at > 0 { out.append(UInt8(ascii: ",")) }
        write(item, map, to: &out)
      }
      out.append(UInt8(ascii: "]"))
    case .map(let members):
      out.append(UInt8(ascii: "{"))
      for (at, key) in members.keys.enumerated() {
        if at > 0 { out.append(UInt8(ascii: ",")) }
        JSON.write(key.text ?? JSON.text(key.value), to: &out)
        out.append(UInt8(ascii: ":"))
        write(members.value(at: at), nil, to: &out)
      }
      out.append(UInt8(ascii: "}"))
    default: JSON.write(FieldConversion.redacted(value.value), to: &out)
    }
  }

  private static func null(_ out: inout [UInt8]) { out.append(contentsOf: "null".utf8) }
}
