// Step 1: which stored object each intent is about.
import Core
import Kinds
import Ports

extension PlannerRun {
  mutating func findTargets() {
    var seen: [ObjectKey: Int] = [:]
    askForLimits()
    askForPolicies()
    for (index, intent) in intents.enumerated() {
      guard let kind = context.catalog.kind(intent.kind) else {
        problems.append(Problem(.invalid, code: "unknown_kind", "There is no kind \(intent.kind).", place: intent.place))
        continue
      }
      switch intent.target {
      case .key(let stated):
        let key = ObjectKey(tenant: Self.home(of: kind, tenant: stated.tenant), kind: stated.kind, name: stated.name)
        if let first = seen[key] {
          problems.append(duplicate(intent, of: intents[first]))
          continue
        }
        seen[key] = index
        guard var known = snapshot.byKey[key] else {
          needs.insert(.key(key))
          if let former = intent.movedFrom { needs.insert(.key(ObjectKey(tenant: key.tenant, kind: key.kind, name: former))) }
          continue
        }
        if let former = intent.movedFrom {
          guard let moved = moved(index, intent, kind, from: former, to: key, known) else { continue }
          known = moved
        }
        start(index, intent, kind, existing: known, tenant: key.tenant, name: key.name)
      case .uid(let tenant, _, let uid):
        let home = Self.home(of: kind, tenant: tenant)
        guard let known = snapshot.byUID[uid] else {
          needs.insert(.uid(tenant: home, uid))
          continue
        }
        let mine = known.flatMap { $0.tenant == home && $0.kind == kind.name ? $0 : nil }
        start(index, intent, kind, existing: mine, tenant: home, name: mine?.name ?? uid.description)
      case .new(let tenant, _):
        let home = Self.home(of: kind, tenant: tenant)
        guard let identity = kind.identityField, let name = intent.fields[identity]?.string else {
          if kind.isSingleton {
            let key = ObjectKey(tenant: home, kind: kind.name, name: "default")
            guard let known = snapshot.byKey[key] else {
              needs.insert(.key(key))
              continue
            }
            start(index, intent, kind, existing: known, tenant: home, name: "default")
          } else {
            start(index, intent, kind, existing: nil, tenant: home, name: "")
          }
          continue
        }
        let key = ObjectKey(tenant: home, kind: kind.name, name: name)
        guard let known = snapshot.byKey[key] else {
          needs.insert(.key(key))
          continue
        }
        start(index, intent, kind, existing: known, tenant: home, name: name)
      }
    }
  }

  /// What a plan may allow is asked for at once with the targets: most writes are then planned after one reading.
  private mutating func askForLimits() {
    var asked: Set<String> = []
    for intent in intents where intent.operation == .apply || intent.operation == .create {
      guard intent.tenant != .rootTenant, asked.insert("\(intent.tenant.low)\(intent.kind)").inserted else { continue }
      if snapshot.limits[intent.tenant] == nil { needs.insert(.limits(tenant: intent.tenant)) }
      let count = Fact.count(tenant: intent.tenant, kind: intent.kind)
      if snapshot.counts[count] == nil { needs.insert(count) }
    }
  }

  private mutating func start(
    _ index: Int, _ intent: Intent, _ kind: KindSpec, existing: StoredObject?, tenant: UID, name: String
  ) {
    let live = existing.flatMap { $0.deleted ? nil : $0 }
    let label = "\(kind.name)/\(name)"
    if let live, live.deleting != nil, intent.operation != .delete {
      problems.append(
        Problem(
          .conflict, code: "deleting", "\(label) is being deleted.", place: intent.place, object: label,
          fix: "Try again in a moment."))
      return
    }
    if let expected = intent.expectedVersion, live?.version != expected {
      problems.append(
        Problem(
          .stale, code: "stale", "\(label) changed since it was read.", place: intent.place, object: label, fix: "Read it again.")
      )
      return
    }
    switch intent.operation {
    case .create where live != nil:
      let message = kind.unique.first?.message ?? "\(label) exists already."
      problems.append(
        Problem(
          .conflict, code: kind.unique.first?.code ?? "conflict", message, place: intent.place, object: label,
          details: ["uid": .string(live!.uid.description)]))
    case .apply where intent.adopts && live == nil:
      problems.append(
        Problem(
          .missing, code: "nothing_to_adopt", "\(label) does not exist, so it cannot be adopted.", place: intent.place,
          object: label,
          fix: "Use plumb apply to make it."))
    case .create, .apply:
      if let live {
        add(Draft(fate: .keep, kind: kind, object: live, existing: live, intent: index))
      } else {
        let uid = intent.newUID ?? kind.minted(context.minting.uid(at: context.now))
        let object = StoredObject(
          tenant: tenant, uid: uid, kind: kind.name, name: name.isEmpty ? uid.description : name, rev: kind.rev, spec: [:],
          created: context.now, updated: context.now)
        add(Draft(fate: kind.storage == .record ? .record : .create, kind: kind, object: object, existing: nil, intent: index))
      }
    case .patch, .replace:
      guard let live else { return missing(label, intent) }
      add(Draft(fate: .keep, kind: kind, object: live, existing: live, intent: index))
    case .delete:
      guard let live else { return missing(label, intent) }
      targets[index] = live.uid
      guard mayDelete(live, intent) else { return }
      delete(tenant: tenant, uid: live.uid, reason: nil, intent: index, force: intent.force)
    case .revert:
      if let live {
        add(Draft(fate: .keep, kind: kind, object: live, existing: live, intent: index))
      } else {
        guard case .uid(_, _, let uid) = intent.target else { return missing(label, intent) }
        if let existing {
          var object = existing
          (object.deleted, object.deleting) = (false, nil)
          add(Draft(fate: .restore, kind: kind, object: object, existing: existing, intent: index))
          return
        }
        let object = StoredObject(
          tenant: tenant, uid: uid, kind: kind.name, name: intent.newName ?? uid.description, rev: kind.rev, spec: [:],
          created: context.now, updated: context.now)
        add(Draft(fate: .create, kind: kind, object: object, existing: nil, intent: index))
      }
    case .restore:
      guard let existing, existing.deleted else { return missing(label, intent) }
      var object = existing
      object.deleted = false
      object.deleting = nil
      add(Draft(fate: .restore, kind: kind, object: object, existing: existing, intent: index))
    }
  }

  /// The object under its former name, unless it has the new one already. Nil: more must be read, or there is a problem.
  private mutating func moved(
    _ index: Int, _ intent: Intent, _ kind: KindSpec, from former: String, to key: ObjectKey, _ present: StoredObject?
  ) -> StoredObject?? {
    let before = ObjectKey(tenant: key.tenant, kind: key.kind, name: former)
    guard let old = snapshot.byKey[before] else {
      needs.insert(.key(before))
      return nil
    }
    guard let old, !old.deleted, old.deleting == nil else { return .some(present) }
    guard let present, !present.deleted else { return .some(old) }
    problems.append(
      Problem(
        .conflict, code: "rename", "\(kind.name)/\(former) cannot become \(kind.name)/\(key.name): both exist.",
        place: intent.places["/metadata/movedFrom"] ?? intent.place, pointer: "/metadata/movedFrom", object: present.label,
        fix: "Leave out movedFrom, or delete one of the two."))
    return nil
  }

  private mutating func missing(_ label: String, _ intent: Intent) {
    problems.append(Problem(.missing, code: "not_found", "\(label) does not exist.", place: intent.place, object: label))
  }

  private func duplicate(_ intent: Intent, of first: Intent) -> Problem {
    var message = "The same object is stated twice in one set"
    if let place = first.place { message += "; first at \(place)" }
    return Problem(
      .invalid, code: "duplicate_object", message + ".", place: intent.place, object: "\(intent.kind)/\(name(of: intent))",
      fix: "Remove one of them.")
  }

  func name(of intent: Intent) -> String {
    switch intent.target {
    case .key(let key): key.name
    case .uid(_, _, let uid): uid.description
    case .new: ""
    }
  }
}
