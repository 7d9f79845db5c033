// A program whose output is read while it runs, by the thread that waits for it. For command lines; servers use ProgramRunner.
import CLinux
import Core
import Foundation

public final class RunningProgram {
  private static let chunk = 64 << 10
  private static let errorLimit = 4 << 10

  private let pid: pid_t
  private var input: (file: Int32, bytes: [UInt8], sent: Int)
  private let output: Int32
  private let errors: Int32
  private var hasEnded = false

  /// - Parameters:
  ///   - input: its standard input.
  ///   - secrets: readable as `/dev/fd/3`; at most what a pipe holds, 64 KiB.
  public init(_ path: String, _ arguments: [String], input: [UInt8], secrets: [UInt8], environment: [String: String]) throws {
    var pipes: [ProgramPipe] = []
    defer { for pipe in pipes { pipe.closeChildEnd() } }
    do {
      for direction in [ProgramPipe.Direction.toChild, .fromChild, .fromChild, .toChild] {
        pipes.append(try ProgramPipe(direction))
      }
      pid = try ProgramLauncher.launch(
        path, [path] + arguments, environment: environment.map { "\($0.key)=\($0.value)" }.sorted(), files: pipes.map(\.childEnd))
    } catch {
      for pipe in pipes { pipe.closeOurEnd() }
      throw error
    }
    _ = secrets.withUnsafeBytes { write(pipes[3].ourEnd, $0.baseAddress, $0.count) }
    pipes[3].closeOurEnd()
    self.input = (pipes[0].ourEnd, input, 0)
    (output, errors) = (pipes[1].ourEnd, pipes[2].ourEnd)
    signal(SIGPIPE, SIG_IGN)
    if input.isEmpty { closeInput() }
  }

  /// The next piece of output; empty at its end, nil when the deadline passed. `wake` ends the wait as soon as it can be read.
  public func next(until deadline: ContinuousClock.Instant, wake: Int32 = -1) throws -> [UInt8]? {
    while true {
      let left = ContinuousClock.now.duration(to: deadline)
      if left <= .zero { return nil }
      var files = [
        pollfd(fd: output, events: Int16(POLLIN), revents: 0), pollfd(fd: input.file, events: Int16(POLLOUT), revents: 0),
        pollfd(fd: wake, events: Int16(POLLIN), revents: 0),
      ]
      let milliseconds = Int32(clamping: left.components.seconds * 1000 + left.components.attoseconds / 1_000_000_000_000_000 + 1)
      guard poll(&files, 3, milliseconds) >= 0 || errno == EINTR else { return nil }
      if files[2].revents != 0 { throw CancellationError() }
      if files[1].revents != 0 { feed() }
      guard files[0].revents != 0 else { continue }
      var chunk = [UInt8](repeating: 0, count: Self.chunk)
      let count = read(output, &chunk, chunk.count)
      if count < 0, errno == EAGAIN || errno == EINTR { continue }
      return Array(chunk.prefix(max(0, count)))
    }
  }

  /// The exit code, and what it said on standard error. Only after `next` gave the end.
  public func wait() -> (status: Int, words: String) {
    var chunk = [UInt8](repeating: 0, count: Self.errorLimit)
    let count = read(errors, &chunk, chunk.count)
    let words = String(decoding: chunk.prefix(max(0, count)), as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    return (reap(), words)
  }

  /// Ends the program if it still runs, and closes its pipes.
  public func end() {
    if !hasEnded {
      kill(-pid, SIGKILL)
      _ = reap()
    }
    closeInput()
    close(output)
    close(errors)
  }

  private func reap() -> Int {
    if hasEnded { return 0 }
    hasEnded = true
    var code: Int32 = 0
    while waitpid(pid, &code, 0) < 0, errno == EINTR {}
    return code & 0x7f == 0 ? Int(code >> 8 & 0xff) : 128 + Int(code & 0x7f)
  }

  private func feed() {
    let count = input.bytes.withUnsafeBytes { write(input.file, $0.baseAddress! + input.sent, $0.count - input.sent) }
    if count > 0 { input.sent += count }
    if count < 0, errno != EAGAIN, errno != EINTR { closeInput() } else if input.sent == input.bytes.count { closeInput() }
  }

  private func closeInput() {
    if input.file >= 0 { close(input.file) }
    input.file = -1
  }
}
