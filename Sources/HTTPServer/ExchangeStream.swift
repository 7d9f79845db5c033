// The streaming half of an exchange: running a handler's stream and putting its bytes on the connection.

extension Exchange {
  /// Runs a handler's stream to its end.
  func run(_ response: HTTPResponse, _ write: @Sendable (HTTPStreamWriter) async throws -> Void) async {
    let length: ResponseHead.Length = isHTTP11 ? .chunked : .untilClose
    guard !isHead, response.status != 204, response.status != 304 else {
      let isEmpty = response.status == 204 || response.status == 304
      if writeHead(response, isEmpty ? .none : length) { loop.output.withUnsafeBytes { connection.put($0) } }
      finish()
      return
    }
    let stream = ResponseStream(self, response)
    self.stream = stream
    connection.phase = .streaming
    if connection.peerLeft {
      connection.close()
      return
    }
    if stream.isEventStream {
      if loop.isDraining { stopEvents() } else { stream.sendHead() }
    }
    rest()
    var failure: (any Error)?
    do { try await write(HTTPStreamWriter(stream)) } catch { failure = error }
    stream.end()
    guard connection.phase == .streaming else { return }
    if let failure, !stream.isStopped {
      if !(failure is CancellationError) { loop.state.log("a stream failed: \(failure)") }
      // What was sent cannot be taken back: breaking off tells the client that it is not whole.
      guard !stream.hasSentHead else {
        connection.close()
        return
      }
      sendFailure()
    } else {
      stream.sendHead()
      if isHTTP11 { connection.put("0\r\n\r\n") }
    }
    finish()
  }

  private func finish() {
    guard connection.phase != .closed else { return }
    connection.exchange = nil
    connection.answerEnded()
  }

  /// All that was written has gone out.
  func outputDrained() {
    stream?.resumeWriters()
    rest()
  }

  /// A heartbeat is due.
  func beat() {
    stream?.beat()
    if connection.phase == .streaming, connection.outputCount == 0 { rest() }
  }

  /// Waits for the stream to say something.
  private func rest() {
    guard connection.phase == .streaming, connection.outputCount == 0 else { return }
    if stream?.isEventStream == true {
      connection.deadline(in: loop.state.times.heartbeat)
    } else {
      connection.deadline(at: MonotonicTime.never)
    }
  }

  /// The server is stopping: a stream of events would never end by itself.
  func stopEvents() {
    guard let stream, stream.isEventStream else { return }
    stream.isStopped = true
    stream.end()
    task?.cancel()
  }
}
