// What is done between two rounds: steps that were decided, and looks at services that take their time. Decides nothing.
import Core
import Execution
import Kinds
import Ports

extension Reconciler {
  /// Does the errand and brings back what came of it.
  /// - Parameter holds: whether the lease still runs; no step begins after its end, though the database cannot be asked.
  func run(_ errand: Errand, for hand: InHand, holds: @Sendable () -> Bool) async -> InHand {
    var hand = hand
    switch errand {
    case .take(let rows, let metadata, let again):
      hand.replied = await take(rows, metadata, again: again, fence: hand.fence, holds)
    case .look(let look, let metadata):
      hand.looks += 1
      let world = try? await services[look.service]?.observe(metadata, operation: look.operation, arguments: look.arguments)
      hand.sight = Sight(look: look, generation: metadata.generation, world: world ?? .null)
    }
    return hand
  }

  /// In order, up to the first that is not done: what follows was decided for a world that is not there.
  private func take(
    _ rows: [EffectRow], _ metadata: ObjectMetadata, again: Bool, fence: Fence, _ holds: @Sendable () -> Bool
  ) async -> [EffectRow] {
    var replied: [EffectRow] = []
    var stopped = false
    for row in rows {
      if stopped || !holds() {
        var dropped = row
        dropped.state = .failed
        // Of an earlier step its controller hears. Where the lease ended before any began, the first that was not taken has to say so:
        // else nobody would decide again.
        dropped.consumed = !replied.isEmpty
        let why = stopped ? "An earlier step was not done." : "It was not begun: the lease was about to end."
        dropped.reply = ["error": ["code": "dropped", "message": .string(why)]]
        // A step that was begun by somebody before us is for the next holder to resolve.
        if stopped || !again { replied.append(dropped) }
        continue
      }
      let reply = await StepFence.$current.withValue(fence) {
        again ? await runner.resume(row, metadata: metadata) : await runner.perform(row, metadata: metadata)
      }
      replied.append(reply)
      stopped = reply.state != .done
    }
    return replied
  }
}
