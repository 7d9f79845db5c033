// Doing what was decided: one journaled step at a time, by its class, within its deadline. Decides nothing.
import Core
import Kinds
import Ports

public struct StepRunner: Sendable {
  /// No step may take longer than this, so that a call in flight ends before its shard's lease can move.
  public static let longestStep = Duration.seconds(16)

  let services: Services
  let clock: any Clock
  /// Tells effects of one installation from those of another; part of every idempotency key.
  let keyOf: @Sendable (_ uid: UID, _ generation: Int, _ step: String) -> String
  let sealing: any SecretSealing

  public init(
    services: Services, clock: any Clock, sealing: any SecretSealing,
    keyOf: @escaping @Sendable (_ uid: UID, _ generation: Int, _ step: String) -> String
  ) {
    self.services = services
    self.clock = clock
    self.sealing = sealing
    self.keyOf = keyOf
  }

  /// The journal's row for a step that is about to be taken. Sensitive arguments are sealed.
  public func intent(_ step: Step, metadata: ObjectMetadata) throws -> EffectRow {
    var stored = step
    if step.sensitive {
      let sealed: String = try sealing.seal(JSON.text(step.arguments), context: Self.context(step))
      stored.arguments = ["$sealed": .string(sealed)]
    }
    return EffectRow(
      tenant: metadata.tenant, uid: metadata.uid, generation: metadata.generation, step: stored,
      key: keyOf(metadata.uid, metadata.generation, step.name), state: .intended)
  }

  /// Takes a step whose intent is committed, for the first time.
  public func perform(_ row: EffectRow, metadata: ObjectMetadata) async -> EffectRow {
    await finish(row, metadata) { service, step in await service.perform(step, key: row.key, metadata: metadata) }
  }

  /// A step whose reply was lost: what to do depends on its class alone (ENGINE section 5).
  public func resume(_ row: EffectRow, metadata: ObjectMetadata) async -> EffectRow {
    switch row.step.kind {
    case .idempotent, .keyed: return await perform(row, metadata: metadata)
    case .probed:
      return await finish(row, metadata) { service, step in
        if let found = await service.probe(step, key: row.key, metadata: metadata) { return found }
        return await service.perform(step, key: row.key, metadata: metadata)
      }
    case .once:
      var row = row
      row.state = .unknown
      row.reply = ["error": ["code": "reply_lost", "message": "The reply of this call was lost; it is not repeated."]]
      return row
    }
  }

  private func finish(
    _ row: EffectRow, _ metadata: ObjectMetadata, _ call: @escaping @Sendable (any ServicePort, Step) async -> StepReply
  ) async -> EffectRow {
    var row = row
    guard let service = services[row.step.service] else {
      row.state = .failed
      row.reply = ["error": ["code": "no_service", "message": .string("There is no service \(row.step.service).")]]
      return row
    }
    var step = row.step
    if step.sensitive, let sealed = step.arguments["$sealed"].string {
      guard let text = try? sealing.open(sealed, context: Self.context(step)), let arguments = try? JSON.parse(text) else {
        row.state = .failed
        row.reply = ["error": ["code": "sealed", "message": "The arguments of this step cannot be opened."]]
        return row
      }
      step.arguments = arguments
    }
    let deadline = min(step.deadline, Self.longestStep)
    let opened = step
    let clock = clock
    let reply = await withTaskGroup(of: StepReply?.self) { group in
      group.addTask { await call(service, opened) }
      group.addTask {
        await clock.sleep(deadline)
        return nil
      }
      let first = await group.next() ?? nil
      group.cancelAll()
      return first
    }
    guard let reply else {
      row.state = opened.kind == .once ? .unknown : .failed
      row.reply = ["error": ["code": "timeout", "message": .string("No answer within \(deadline.inSeconds) s.")]]
      return row
    }
    row.state = reply.outcome == .done ? .done : reply.outcome == .failed ? .failed : .unknown
    row.reply = reply.value
    return row
  }

  private static func context(_ step: Step) -> String { "step.\(step.service).\(step.operation)" }
}
