// A call to a service as the journal keeps it.
import Core
import Kinds

/// A journaled call to a service.
public struct EffectRow: Sendable, Hashable {
  public enum State: String, Sendable {
    case intended = "i"
    case done = "d"
    case failed = "f"
    case unknown = "u"
  }
  public var tenant: UID
  public var uid: UID
  public var generation: Int
  public var step: Step
  /// Sent to the service, stored before it is sent.
  public var key: String
  public var state: State
  public var reply: Value
  /// A decision has read the reply.
  public var consumed: Bool
  public init(
    tenant: UID, uid: UID, generation: Int, step: Step, key: String, state: State, reply: Value = .null, consumed: Bool = false
  ) {
    self.tenant = tenant
    self.uid = uid
    self.generation = generation
    self.step = step
    self.key = key
    self.state = state
    self.reply = reply
    self.consumed = consumed
  }
}
