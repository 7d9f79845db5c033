// Conditions: what controllers say of an object, in the words that users of such systems know.
import Core

/// One entry of `status.conditions`.
public struct Condition: Sendable, Hashable {
  public enum Truth: String, Sendable {
    case yes = "True"
    case no = "False"
    case unknown = "Unknown"
  }
  /// `Ready` on every object; others by kind. A thing that waits is `Progressing`, not failed.
  public var type: String
  public var truth: Truth
  /// CamelCase word for programs: `Running`, `WaitingForServer`, `CommandNotFound`.
  public var reason: String
  /// One sentence for people.
  public var message: String
  public var since: Timestamp

  public init(_ type: String, _ truth: Truth, reason: String, message: String, since: Timestamp) {
    self.type = type
    self.truth = truth
    self.reason = reason
    self.message = message
    self.since = since
  }

  public init?(_ value: Value) {
    guard let type = value["type"].string, let truth = Truth(rawValue: value["status"].string ?? "") else { return nil }
    self.init(
      type, truth, reason: value["reason"].string ?? "", message: value["message"].string ?? "",
      since: value["since"].string.flatMap { Timestamp($0) } ?? Timestamp(microseconds: 0))
  }

  public var value: Value {
    [
      "type": .string(type), "status": .string(truth.rawValue), "reason": .string(reason), "message": .string(message),
      "since": .string(since.description),
    ]
  }

  /// This condition with `since` kept from `earlier` where nothing but the message moved.
  public func keepingSince(from earlier: [Condition]) -> Condition {
    guard let before = earlier.first(where: { $0.type == type }), before.truth == truth, before.reason == reason else {
      return self
    }
    var kept = self
    kept.since = before.since
    return kept
  }
}
