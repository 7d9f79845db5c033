// Objects brought to where they should be: observe, decide, commit, act, observe again. What a round needs; `Round` goes through one.
import Core
import Execution
import Kinds
import Planning
import Ports

public struct Reconciler: Sendable {
  /// Decisions of one item in a row; then it is queued again, so that others have their turn.
  public static let maxRounds = 24
  /// Objects that go through a round together.
  public static let page = 64
  /// How often a controller may name further needs before it decides.
  static let maxNeedRounds = 3
  /// A status larger than this is a fault of its controller.
  static let maxStatusBytes = 256 * 1024
  /// After `maxRounds`.
  static let pause = Duration.milliseconds(100)
  static let limitCode = "status_limit"

  let engine: Engine
  let services: Services
  let runner: StepRunner
  let controllers: [String: any KindController]
  let opening: SecretOpening
  /// Told when an object became ready or ceased to be, so that those who refer to it look again.
  let readinessMoved: @Sendable (StoredObject) -> Void
  public let drift: DriftTally

  public init(
    engine: Engine, services: Services, runner: StepRunner, controllers: [any KindController], sealing: any SecretSealing,
    readinessMoved: @escaping @Sendable (StoredObject) -> Void, drift: DriftTally = DriftTally()
  ) {
    self.drift = drift
    self.engine = engine
    self.services = services
    self.runner = runner
    self.controllers = Dictionary(controllers.map { ($0.kind, $0) }, uniquingKeysWith: { first, _ in first })
    opening = SecretOpening(sealing: sealing)
    self.readinessMoved = readinessMoved
  }

  var store: any StorePort { engine.store }

  /// Takes each of these one decision further, in a number of statements that does not grow with them.
  /// - Parameter ending: what was done is journaled; nothing more is decided.
  func round(_ hands: [InHand], ending: Bool = false) async -> [RoundEnd] {
    var round = Round(self, hands)
    return await round.run(ending: ending)
  }

  /// The object as controllers and expressions see it. Opens its secrets.
  func shown(_ object: StoredObject) throws -> Value {
    let spec = try engine.catalog.kind(object.kind).map { try opening.open(object.spec, kind: $0) } ?? object.spec
    return [
      "uid": .string(object.uid.description), "name": .string(object.name), "kind": .string(object.kind),
      "labels": .object(ObjectMap(object.labels.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) })),
      "spec": .object(spec),
      "status": object.status, "ready": .bool(object.isReady), "deleting": .bool(object.deleting != nil),
    ]
  }

  static func origin(_ kind: String) -> Origin {
    Origin(manager: .controller(kind), actor: "controller:\(kind)", action: "reconcile")
  }

  static func targets(_ object: StoredObject, _ kind: KindSpec) -> Set<UID> {
    Set(kind.references(in: object.spec).compactMap { $0.value.string.flatMap { UID($0) } })
  }

  static func intents(_ writes: [ControllerWrite], _ tenant: UID) -> [Intent] {
    writes.map { write in
      switch write {
      case .create(let kind, let name, let spec):
        Intent(
          .create, name.map { .key(ObjectKey(tenant: tenant, kind: kind, name: $0)) } ?? .new(tenant: tenant, kind: kind),
          fields: spec,
          writer: .controller)
      case .update(let kind, let uid, let spec):
        Intent(.patch, .uid(tenant: tenant, kind: kind, uid), fields: spec, writer: .controller)
      case .overrule(let kind, let uid, let spec):
        Intent(.patch, .uid(tenant: tenant, kind: kind, uid), fields: spec, takeOver: true, writer: .controller)
      case .delete(let kind, let uid): Intent(.delete, .uid(tenant: tenant, kind: kind, uid), writer: .controller)
      }
    }
  }
}
