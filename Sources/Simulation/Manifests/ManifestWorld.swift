// Tells of a simulated world with any kinds in it whether it is as it should be, and what it is like.
import Core
import Kinds
import Ports

struct ManifestWorld {
  static let overdue = Duration.seconds(3)

  let memory: MemoryStore
  let processes: ProcessWorld
  let catalog: KindCatalog
  let controlled: Set<String>
  let clock: any Clock

  var objects: [StoredObject] {
    memory.alone { $0.objects.values.filter { !$0.deleted }.sorted { ($0.kind, $0.name, $0.uid) < ($1.kind, $1.name, $1.uid) } }
  }

  /// What is not as it should be yet, each with its reason.
  /// - Parameter ready: whether objects must be ready, or only looked at since they changed.
  func unsettled(ready: Bool = true) async throws -> [String] {
    var open: [String] = []
    let all = objects
    for object in all {
      guard let kind = catalog.kind(object.kind) else { continue }
      if object.deleting != nil {
        open.append("\(object.label) is still going")
      } else if kind.storage == .run {
        let phase = object.status["phase"].string ?? "Queued"
        if !Self.ended.contains(phase) { open.append("\(object.label) has not ended: \(phase)") }
      } else if controlled.contains(object.kind) {
        if object.observedGeneration < object.generation {
          open.append("\(object.label) was not looked at since it changed")
        } else if ready, let ready = object.conditions.first(where: { $0.type == "Ready" }), ready.truth != .yes {
          open.append("\(object.label) is not ready: \(ready.reason), \(ready.message)")
        }
      }
      for effect in try await memory.effects(of: [object.place], unconsumedOnly: true)
      where effect.state == .intended {
        open.append("\(object.label): step \(effect.step.name) was intended and is not resolved")
      }
    }
    let live = Set(all.map(\.uid))
    for uid in processes.apps where !live.contains(uid) { open.append("processes of an app that is gone run on (\(uid))") }
    let shards = (0..<ShardCount.total).map { Fence(shard: $0, holder: .rootTenant, epoch: 0) }
    for item in try await memory.due(fences: shards, limit: 100) where item.due + Self.overdue < clock.now() {
      open.append("\(item.kind) \(item.uid) is due since \(item.due), and nobody looks")
    }
    return open
  }

  private static let ended: Set<String> = ["Succeeded", "Failed", "Rejected", "Cancelled", "TimedOut", "Unknown"]

  /// Everything that must be the same however it came about: fields as stated, references by name, readiness, what runs.
  func state() -> [String: Value] {
    let all = objects
    let names = Dictionary(all.map { ($0.uid.description, $0.label) }, uniquingKeysWith: { first, _ in first })
    var state: [String: Value] = [:]
    for object in all {
      guard let kind = catalog.kind(object.kind), kind.storage == .resource else { continue }
      var spec = ObjectMap()
      // What was minted differs from run to run.
      for (name, value) in object.spec where kind.field(name)?.generate == nil { spec[name] = Self.named(value, names) }
      var value: ObjectMap = ["spec": .object(spec.sorted())]
      if controlled.contains(object.kind) { value["ready"] = .bool(object.isReady) }
      let running = processes.running(object.uid)
      if !running.isEmpty { value["running"] = .list(running.keys.sorted().map(Value.int)) }
      state[object.label] = .object(value)
    }
    return state
  }

  private static func named(_ value: Value, _ names: [String: String]) -> Value {
    switch value {
    case .string(let text): return .string(names[text] ?? text)
    case .list(let items): return .list(items.map { named($0, names) })
    case .object(let map):
      if SecretForm.isSecret(value) { return "(secret)" }
      return .object(ObjectMap(map.map { ($0.key, named($0.value, names)) }))
    default: return value
    }
  }
}
