// What the worker carries from round to round, and how a round ends for it.
import Core
import Kinds
import Ports

/// A due object that somebody works on: it stays in hand until nothing is left to do at once.
public struct InHand: Sendable {
  public let item: WorkItem
  /// The claim under which everything about it is written.
  public let fence: Fence
  /// Decisions so far.
  var rounds = 0
  /// Looks at a service that answers in its own time.
  var looks = 0
  /// Steps taken since the last decision: journaled before anything else.
  var replied: [EffectRow] = []
  var sight: Sight?

  public init(item: WorkItem, fence: Fence) {
    self.item = item
    self.fence = fence
  }

  var place: ObjectPlace { ObjectPlace(tenant: item.tenant, uid: item.uid) }
}

/// What a controller asks a service for before it decides.
struct Look: Sendable, Hashable {
  var service: String
  var operation: String
  var arguments: Value
}

/// What a service showed. Good for the question and the generation that it was asked about.
struct Sight: Sendable {
  var look: Look
  var generation: Int
  var world: Value
}

/// What is done between two rounds, outside of any page and in its own time.
enum Errand: Sendable {
  /// Steps whose intents are committed. `again`: their replies were lost.
  case take([EffectRow], ObjectMetadata, again: Bool)
  case look(Look, ObjectMetadata)
}

/// How a round ended for one object.
enum RoundEnd: Sendable {
  /// Out of hand: what is left to do stands in the queue.
  case done
  /// Decide again, from fresh facts.
  case again(InHand)
  case errand(InHand, Errand)
  case failed(any Error)
}
