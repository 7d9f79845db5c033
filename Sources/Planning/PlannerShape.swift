// What a single object's fields must satisfy by themselves: types, limits, required, immutable, allowed moves.
import Core
import Kinds
import Ports

extension PlannerRun {
  /// Returns the fields whose change forces the object to be replaced.
  mutating func checkShape(_ draft: Draft, _ intent: Intent) -> [String] {
    var forced: [String] = []
    let label = draft.object.label
    func problem(_ code: String, _ message: String, _ path: String, fix: String? = nil) -> Problem {
      Problem(
        .invalid, code: code, message, place: place(intent, [path]), pointer: "/spec/\(path)", object: label, fix: fix)
    }
    if !intent.checked {
      for name in intent.fields.keys where draft.kind.field(name) == nil {
        problems.append(
          problem(
            "unknown_field", "\(draft.kind.name) has no field \(name).", name,
            fix: nearestName(to: name, among: draft.kind.fields.map(\.name)).map { "Did you mean \($0)?" }))
      }
    }
    for field in draft.kind.fields {
      let value = draft.object.spec[field.name]
      if field.required, value == nil || value == .null, field.computed == nil, !field.isObserved {
        problems.append(problem("missing_field", "\(field.name) is required.", field.name, fix: "Add it."))
      }
      guard let existing = draft.existing else { continue }
      let before = existing.spec[field.name]
      guard !sameValue(before, value) else { continue }
      if field.immutable, let before, !before.isNull, !followsReplacement(before, value),
        !(field.name == draft.kind.identityField && renames(draft, intent))
      {
        if intent.operation == .apply, field.replace || draft.kind.lifecycle.replace, field.name != draft.kind.identityField {
          forced.append(field.name)
          continue
        }
        problems.append(
          problem(
            "immutable", "\(field.name) cannot change once it is set\(field.immutableBecause.map { ": \($0)" } ?? ".")",
            field.name,
            fix: "Delete the object and make a new one, or keep the value."))
      }
      if !field.moves.isEmpty, let from = before?.string, let to = value?.string, !(field.moves[from] ?? []).contains(to) {
        let allowed = field.moves[from] ?? []
        problems.append(
          problem(
            "state", "\(field.name) cannot go from \(from) to \(to).", field.name,
            fix: allowed.isEmpty ? "\(from) is final." : "From \(from) it may go to \(allowed.joined(separator: ", "))."))
      }
    }
    return forced
  }

  /// A reference that goes from what is replaced to its heir is no change of the referrer's own.
  private func followsReplacement(_ before: Value, _ after: Value?) -> Bool {
    guard let heir = after?.string.flatMap({ UID($0) }).flatMap({ draftByUID[$0] }), let old = drafts[heir].replaces else {
      return false
    }
    return before.string == old.uid.description
  }

  private func renames(_ draft: Draft, _ intent: Intent) -> Bool {
    intent.movedFrom != nil || intent.newName != nil || intent.operation == .revert
  }
}
