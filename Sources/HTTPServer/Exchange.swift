// One request and its answer.

/// Touched on its loop's thread only, but for the stream's end, which is its own lock.
final class Exchange: @unchecked Sendable {
  /// Bodies up to this size go out in one buffer with the head.
  private static let coalesceLimit = 32 << 10
  /// Larger bodies are compressed on another thread.
  private static let compressHereLimit = 64 << 10
  /// Room kept ahead for a body that says how long it will be, before any of it has come.
  private static let reserveLimit = 64 << 10

  let connection: Connection
  let loop: EventLoop
  let isHTTP11: Bool
  let isHead: Bool
  var task: Task<Void, Never>?
  var stream: ResponseStream?

  private var request: HTTPRequest
  private let bodyLimit: Int
  /// Bytes of a body with Content-Length still to come.
  private var missing = 0
  private var decoder: ChunkedDecoder?
  private var countedBytes = 0
  private let began: Int64

  init(_ connection: Connection, head: RequestHead, bodyLimit: Int) {
    self.connection = connection
    self.bodyLimit = bodyLimit
    loop = connection.loop
    isHTTP11 = head.isHTTP11
    request = head.request
    isHead = head.request.method == "HEAD"
    began = connection.loop.now
    switch head.framing {
    case .none: break
    case .length(let length):
      missing = length
      request.body.reserveCapacity(min(length, Self.reserveLimit))
    case .chunked: decoder = ChunkedDecoder(bodyLimit: bodyLimit, limits: connection.limits)
    }
  }

  deinit { loop.state.returnBodyBytes(countedBytes) }

  // MARK: The request

  var isReceived: Bool { decoder?.isDone ?? (missing == 0) }

  /// A slow client has time; one that only drips has not.
  var bodyDeadline: Int64 {
    let limits = loop.state.limits
    let earned = Int64(request.body.count) * 1_000_000_000 / Int64(max(1, limits.bodyRate))
    return began + loop.state.times.body + earned
  }

  /// Takes bytes of the body; returns how many.
  func receive(_ bytes: UnsafeBufferPointer<UInt8>) throws(Refusal) -> Int {
    let before = request.body.count
    var used = min(missing, bytes.count)
    if decoder != nil {
      used = try decoder?.decode(bytes, into: &request.body) ?? 0
    } else {
      request.body.append(contentsOf: UnsafeBufferPointer(rebasing: bytes[..<used]))
      missing -= used
    }
    let grown = request.body.count - before
    countedBytes += grown
    guard grown == 0 || loop.state.takeBodyBytes(grown) else { throw .busy }
    return used
  }

  // MARK: The answer

  func run() async {
    let request = request
    self.request.body = []
    var response = await connection.handler.handle(request)
    if case .bytes(let bytes) = response.body {
      response.body = .bytes(await compressed(bytes, request, &response))
    }
    guard connection.phase == .handling else { return }
    switch response.body {
    case .bytes(let bytes):
      send(response, bytes)
      connection.exchange = nil
      connection.answerEnded()
    case .stream(let write): await run(response, write)
    }
  }

  /// The body as it goes out, with `Content-Encoding` and `Vary` set accordingly.
  private func compressed(_ bytes: [UInt8], _ request: HTTPRequest, _ response: inout HTTPResponse) async -> [UInt8] {
    let limits = loop.state.limits
    guard bytes.count >= limits.compressFrom, bytes.count <= limits.compressTo, response.status != 206,
      !response.headers.contains("Content-Encoding"),
      let type = response.headers["Content-Type"], ContentCoding.isCompressible(type)
    else { return bytes }
    response.headers.add("Vary", "Accept-Encoding")
    guard ContentCoding.acceptsGzip(request.headers) else { return bytes }
    let packed: [UInt8]
    if bytes.count <= Self.compressHereLimit {
      packed = Gzip.compress(bytes)
    } else {
      packed = await withTaskExecutorPreference(globalConcurrentExecutor) { await Gzip.compressElsewhere(bytes) }
    }
    guard packed.count < bytes.count else { return bytes }
    response.headers.add("Content-Encoding", "gzip")
    return packed
  }

  private func send(_ response: HTTPResponse, _ body: [UInt8]) {
    let isEmpty = response.status == 204 || response.status == 304
    guard writeHead(response, isEmpty ? .none : .bytes(body.count)) else { return }
    if isHead || isEmpty {
      loop.output.withUnsafeBytes { connection.put($0) }
    } else if body.count <= Self.coalesceLimit {
      loop.output.append(contentsOf: body)
      loop.output.withUnsafeBytes { connection.put($0) }
    } else {
      loop.output.withUnsafeBytes { connection.put($0) }
      body.withUnsafeBytes { connection.put($0) }
    }
  }

  /// Puts the head into the loop's output buffer. A status that cannot end a request becomes a 500, sent here; then false.
  func writeHead(_ response: HTTPResponse, _ length: ResponseHead.Length) -> Bool {
    if case .untilClose = length { connection.closeAfter = true }
    if loop.isDraining { connection.closeAfter = true }
    let head = ResponseHead(length: length, close: connection.closeAfter, isHTTP11: isHTTP11)
    loop.output.removeAll(keepingCapacity: true)
    if head.write(response.status, response.headers, date: loop.date.current(), to: &loop.output) { return true }
    loop.state.log("a handler answered with the status \(response.status)")
    sendFailure()
    return false
  }

  /// The answer for a handler that failed before it said anything. Tells nothing of the reason.
  func sendFailure() {
    let body = Array("{\"error\":{\"code\":\"internal\",\"message\":\"The server failed to answer.\"}}\n".utf8)
    send(HTTPResponse(status: 500, contentType: "application/json", body), body)
  }

  /// The connection closed, or the request was refused.
  func clientLeft() {
    guard let stream else { return }
    stream.end()
    task?.cancel()
  }
}
