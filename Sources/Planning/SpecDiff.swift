// Two specs of one kind side by side, leaf by leaf. Secrets are masked.
import Core
import Kinds

public enum SpecDiff {
  /// Leaves that differ, in the order of the new spec; what is gone comes last.
  public static func changes(_ before: ObjectMap, _ after: ObjectMap, _ kind: KindSpec) -> [PlanItem.FieldChange] {
    let old = Dictionary(FieldLeaves.of(before, kind).map { ($0.path, $0.value) }, uniquingKeysWith: { first, _ in first })
    let new = FieldLeaves.of(after, kind)
    var changes: [PlanItem.FieldChange] = []
    for (path, value) in new where !sameValue(old[path], value) { changes.append(change(path, old[path] ?? .null, value, kind)) }
    let kept = Set(new.map(\.path))
    for path in old.keys.sorted() where !kept.contains(path) { changes.append(change(path, old[path] ?? .null, .null, kind)) }
    return changes
  }

  static func change(_ path: String, _ before: Value, _ after: Value, _ kind: KindSpec) -> PlanItem.FieldChange {
    let secret = kind.holdsSecrets && isSecret(path, kind.fields)
    return PlanItem.FieldChange(path: path, before: secret ? .null : before, after: secret ? .null : after, secret: secret)
  }

  /// The leaves of a spec that are shown one by one, such as `env.LOG`.
  public static func leaves(_ spec: ObjectMap, _ kind: KindSpec) -> [(path: String, value: Value)] { FieldLeaves.of(spec, kind) }

  public static func labels(_ labels: [String: String]) -> Value {
    .object(ObjectMap(labels.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) }))
  }

  private static func isSecret(_ path: String, _ fields: [FieldSpec]) -> Bool {
    let steps = path.split(separator: ".", maxSplits: 1).map(String.init)
    guard let field = fields.first(where: { $0.name == steps[0] }) else { return steps[0].hasPrefix("previous") }
    if field.secret != nil { return true }
    guard steps.count > 1 else { return false }
    return field.type == .map ? field.of?.secret != nil : isSecret(steps[1], field.fields)
  }
}
