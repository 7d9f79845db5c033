// A line of an object's story, as `plumb events` shows it.
import Core

/// A line of an object's story.
public struct StoryEvent: Sendable, Hashable {
  public var tenant: UID
  public var uid: UID
  public var kind: String
  public var name: String
  public var at: Timestamp
  public var reason: String
  public var message: String
  public var warning: Bool
  public init(tenant: UID, uid: UID, kind: String, name: String, at: Timestamp, reason: String, message: String, warning: Bool) {
    self.tenant = tenant
    self.uid = uid
    self.kind = kind
    self.name = name
    self.at = at
    self.reason = reason
    self.message = message
    self.warning = warning
  }
}
