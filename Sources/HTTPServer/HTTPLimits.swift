// Every limit of the server, with what it defends against.

public struct HTTPLimits: Sendable {
  /// The largest body unless the handler says otherwise, in bytes.
  public static let defaultBodyLimit = 1 << 20

  // Sizes of the head, in bytes.
  public var requestLine = 8 << 10
  public var head = 32 << 10
  public var headerFields = 100

  // Chunked bodies, in bytes: what carries no content, and so is not seen by the body limit.
  public var chunkLine = 256
  public var chunkExtensions = 16 << 10
  public var trailers = 8 << 10

  // Time. A client that sends or reads a byte now and then must not hold a connection.
  /// From the first byte of a head to its last.
  public var headTime: Duration = .seconds(10)
  /// A body has this long, and a second more for each `bodyRate` bytes that have come.
  public var bodyTime: Duration = .seconds(30)
  /// Bytes a second.
  public var bodyRate = 1024
  /// Between requests, and before the first.
  public var idleTime: Duration = .seconds(60)
  /// Without the client reading at least `writeProgress` bytes, or all there is.
  public var writeTime: Duration = .seconds(30)
  public var writeProgress = 4 << 10
  /// How often an event stream says that it is alive.
  public var heartbeat: Duration = .seconds(15)
  /// After an early refusal, what is still read and dropped so that the client sees the answer.
  public var lingerTime: Duration = .seconds(2)
  public var lingerBytes = 1 << 20

  // Memory and descriptors, of the whole server.
  public var connections = 12_000
  /// Descriptors left for files, the database and child processes.
  public var reservedDescriptors = 256
  /// Bytes of request bodies being received at one time.
  public var bodiesInFlight = 256 << 20
  /// A stream's writer waits while this many bytes have not gone out.
  public var streamBuffer = 64 << 10

  // Compression.
  public var compressFrom = 1 << 10
  public var compressTo = 16 << 20

  public init() {}
}
