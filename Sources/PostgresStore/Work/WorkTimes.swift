// How long replicas and hosts that are gone are waited for. Tests shorten it.
import Core

public struct WorkTimes: Sendable {
  /// A host whose replica said goodbye is waited for this long before others take its work.
  public var hostPatience: Duration
  /// A replica that fell silent is forgotten after this long, and its host's work taken over.
  public var forgetAfter: Duration

  public init(hostPatience: Duration = .seconds(15), forgetAfter: Duration = .seconds(600)) {
    self.hostPatience = hostPatience
    self.forgetAfter = forgetAfter
  }

  /// For SQL.
  static func interval(_ duration: Duration) -> String { "interval '\(duration.microseconds) microseconds'" }
}
