// What a handler answers; the route puts it into the family's shape.
import Core
import Kinds

public struct OperationReply: Sendable {
  public enum Body: Sendable {
    /// No content.
    case none
    /// `result` in the route's `reply`; without one it is the data of the family's envelope.
    case value(Value)
    /// Through the route's view; bare names of a reply are its fields, `result` is what else there is to say.
    case object(StoredObject, result: Value)
    /// Through the route's view, as a list, or as `{items: View}` of its reply.
    case objects([StoredObject], total: Int?, result: Value)
    /// As it is, without an envelope.
    case bytes([UInt8], type: String)
    /// Written bit by bit; the task is cancelled when the client leaves. `text/event-stream` is kept alive by the server.
    case stream(type: String, @Sendable (any ReplyStream) async throws -> Void)
  }

  public var body: Body
  /// Nil: the route's.
  public var status: Int?
  /// Beside the family's.
  public var headers: [(name: String, value: String)]

  public init(_ body: Body, status: Int? = nil, headers: [(name: String, value: String)] = []) {
    self.body = body
    self.status = status
    self.headers = headers
  }

  public static let none = OperationReply(.none)
  public static func value(_ value: Value) -> OperationReply { OperationReply(.value(value)) }
  public static func object(_ object: StoredObject, result: Value = .null) -> OperationReply {
    OperationReply(.object(object, result: result))
  }
  public static func objects(_ objects: [StoredObject], total: Int? = nil, result: Value = .null) -> OperationReply {
    OperationReply(.objects(objects, total: total, result: result))
  }
  /// Sends the client elsewhere; 303 makes it ask with GET.
  public static func redirect(to url: String, status: Int = 302) -> OperationReply {
    OperationReply(.none, status: status, headers: [("Location", url)])
  }
}

/// The handler's end of an answer that is written bit by bit.
public protocol ReplyStream: Sendable {
  /// Waits while the client is slower; throws when it is gone.
  func write(_ bytes: [UInt8]) async throws
  var isClosed: Bool { get }
}
