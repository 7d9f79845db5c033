// The handler's end of a response that is written bit by bit.

/// May be used from any task.
public struct HTTPStreamWriter: Sendable {
  private let sink: any HTTPStreamSink

  public init(_ sink: any HTTPStreamSink) { self.sink = sink }

  /// Sends `bytes`. Waits while the client is slower than the writer; throws `HTTPStreamClosed` when it is gone.
  public func write(_ bytes: [UInt8]) async throws { try await sink.write(bytes) }

  public func write(_ text: String) async throws { try await sink.write(Array(text.utf8)) }

  public func write(_ event: ServerSentEvent) async throws { try await sink.write(event.bytes) }

  /// True once the client left or the answer is complete.
  public var isClosed: Bool { sink.isClosed }

  /// Calls `action` once when the stream ends for whatever reason; at once if it has ended.
  public func onTermination(_ action: @escaping @Sendable () -> Void) { sink.onTermination(action) }
}

/// Where a stream's bytes go: a connection, or a test.
public protocol HTTPStreamSink: AnyObject, Sendable {
  func write(_ bytes: [UInt8]) async throws
  var isClosed: Bool { get }
  func onTermination(_ action: @escaping @Sendable () -> Void)
}

/// The client is gone, or the server is stopping.
public struct HTTPStreamClosed: Error, Sendable {
  public init() {}
}
