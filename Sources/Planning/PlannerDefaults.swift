// Defaults and minted values: what an object gets without being told.
import Core
import Expressions
import Kinds
import Ports

extension PlannerRun {
  /// Base62 characters that carry about 5.95 bits each.
  static let tokenBits = 5.95

  mutating func fillIn(_ draft: inout Draft, _ intent: Intent) {
    let creating = draft.existing == nil
    for field in draft.kind.fields where field.computed == nil && !field.isObserved {
      if let generate = field.generate { mint(field, generate, &draft, intent, creating: creating) }
      if draft.object.spec[field.name] == nil, let program = field.defaultValue {
        let scope = ObjectScope(current: view(draft), old: nil, names: [:], now: context.now)
        switch program.evaluate(scope) {
        case .success(let value):
          let value = value.value
          if value.isNull { continue }
          draft.object.spec[field.name] = value
          for (path, _) in FieldLeaves.of(value, field) { draft.object.owners[path] = standardOwner }
        case .failure(let failure):
          problems.append(
            Problem(
              .invalid, code: "default", "The default of \(field.name) cannot be computed: \(failure).",
              pointer: "/spec/\(field.name)",
              object: draft.object.label))
        }
      }
      fillMembers(field, &draft)
    }
  }

  /// Defaults of the members of an object that is there; nothing is left of one of which only defaults remain.
  private mutating func fillMembers(_ field: FieldSpec, _ draft: inout Draft) {
    guard Self.hasMemberDefaults(field), let value = draft.object.spec[field.name] else { return }
    if field.type == .object, field.defaultValue == nil, case .object(let map) = value,
      map.keys.allSatisfy({ draft.object.owners["\(field.name).\($0)"]?.manager == .standard })
    {
      draft.object.spec[field.name] = nil
      for key in map.keys { draft.object.owners["\(field.name).\(key)"] = nil }
      return
    }
    let filled = withMemberDefaults(value, field, draft)
    guard filled != value else { return }
    let before = Set(FieldLeaves.of(value, field).map(\.path))
    draft.object.spec[field.name] = filled
    if field.type == .object, value == .emptyObject { draft.object.owners[field.name] = nil }
    for (path, _) in FieldLeaves.of(filled, field) where !before.contains(path) { draft.object.owners[path] = standardOwner }
  }

  private static func hasMemberDefaults(_ field: FieldSpec) -> Bool {
    field.fields.contains { $0.defaultValue != nil || hasMemberDefaults($0) } || field.items.contains(where: hasMemberDefaults)
  }

  private func withMemberDefaults(_ value: Value, _ field: FieldSpec, _ draft: Draft) -> Value {
    switch value {
    case .object(var map) where field.type == .object:
      for member in field.fields {
        if let present = map[member.name] {
          if Self.hasMemberDefaults(member) { map[member.name] = withMemberDefaults(present, member, draft) }
        } else if let program = member.defaultValue,
          case .success(let standard) = program.evaluate(
            ObjectScope(current: view(draft), old: nil, names: [:], now: context.now)), !standard.isNull
        {
          map[member.name] = standard.value
        }
      }
      return .object(map)
    case .object(let map) where field.type == .map:
      guard let of = field.of else { return value }
      return .object(ObjectMap(map.map { ($0.key, withMemberDefaults($0.value, of, draft)) }))
    case .list(let items): return field.of.map { of in .list(items.map { withMemberDefaults($0, of, draft) }) } ?? value
    default: return value
    }
  }

  private var standardOwner: FieldOwner { FieldOwner(manager: .standard, actor: "default", at: context.now) }

  private mutating func mint(
    _ field: FieldSpec, _ generate: FieldSpec.Generate, _ draft: inout Draft, _ intent: Intent, creating: Bool
  ) {
    let again = generate.again.map { !sameValue(draft.existing?.spec[$0], draft.object.spec[$0]) } ?? false
    guard (creating && draft.object.spec[field.name] == nil) || (!creating && again) else { return }
    var value: Value
    switch generate.source {
    case .token(let prefix, let length):
      let plain = context.minting.token(prefix: prefix, length: length)
      minted[draft.object.uid, default: [:]][field.name] = plain
      switch field.secret {
      case .hash, .password: value = context.minting.hash(plain)
      case .sealed:
        do { value = try context.minting.seal(plain, context: "\(draft.kind.name).\(field.name)") } catch {
          problems.append(Problem(.failure, code: "seal", "A secret could not be sealed.", object: draft.object.label))
          return
        }
      case nil: value = .string(plain)
      }
    case .slug(let from):
      let base = Self.slug(draft.object.spec[from]?.string ?? "")
      guard let free = freeSlug(base.isEmpty ? draft.kind.name.lowercased() : base, field, draft) else { return }
      value = .string(free)
    case .sequence:
      let name = "\(draft.kind.name).\(field.name)"
      let key = "\(draft.object.tenant)/\(name)"
      let total = drafts.reduce(0) {
        $0 + ($1.existing == nil && $1.kind.name == draft.kind.name && $1.object.tenant == draft.object.tenant ? 1 : 0)
      }
      let need = Fact.sequence(tenant: draft.object.tenant, name: name, count: total)
      guard let range = snapshot.sequences[need] else {
        needs.insert(need)
        return
      }
      let used = sequenceUse[key, default: 0]
      sequenceUse[key] = used + 1
      value = .int(range.lowerBound + used)
    case .gapless: return  // the store gives it in the commit
    case .uuid: value = .string(context.minting.uid(at: context.now).description)
    }
    if let before = draft.existing?.spec[field.name], generate.grace != nil {
      // The former value stays beside the new one until its grace ends: controllers and checks read both.
      draft.object.spec["previous" + field.name.prefix(1).uppercased() + field.name.dropFirst()] = before
    }
    draft.object.spec[field.name] = value
    draft.object.owners[field.name] = standardOwner
  }

  /// Lower case letters, digits and single dashes; at most 63 characters.
  static func slug(_ text: String) -> String {
    var out = ""
    for scalar in text.lowercased().unicodeScalars {
      if (97...122).contains(scalar.value) || (48...57).contains(scalar.value) {
        out.unicodeScalars.append(scalar)
      } else if !out.isEmpty, !out.hasSuffix("-") {
        out += "-"
      }
      if out.utf8.count >= 63 { break }
    }
    while out.hasSuffix("-") { out.removeLast() }
    return out
  }

  /// The slug, or the slug with the first free number up to 99; nil while the candidates are still to be read.
  private mutating func freeSlug(_ base: String, _ field: FieldSpec, _ draft: Draft) -> String? {
    guard draft.kind.identityField == field.name else { return base }
    for number in 1...99 {
      let candidate = number == 1 ? base : "\(base)-\(number)"
      let key = ObjectKey(tenant: draft.object.tenant, kind: draft.kind.name, name: candidate)
      if draftByKey[key] != nil { continue }
      guard let known = snapshot.byKey[key] else {
        needs.insert(.key(key))
        return nil
      }
      if known == nil || known!.deleted { return candidate }
    }
    return base
  }

  /// The field got a random value in this plan.
  func wasMinted(_ field: String, _ draft: Draft) -> Bool {
    switch draft.kind.field(field)?.generate?.source {
    case .token: minted[draft.object.uid]?[field] != nil
    case .uuid: draft.existing == nil
    default: false
    }
  }

  func view(_ draft: Draft, following: CELProgram? = nil) -> ObjectView {
    ObjectView(object: draft.object, kind: draft.kind, lookup: following == nil ? nil : lookup, catalog: context.catalog)
  }

  var lookup: PlanLookup {
    var objects: [UID: StoredObject] = [:]
    for (uid, object) in snapshot.byUID { if let object { objects[uid] = object } }
    for draft in drafts { objects[draft.object.uid] = draft.fate == .delete ? nil : draft.object }
    return PlanLookup(objects: objects)
  }
}
