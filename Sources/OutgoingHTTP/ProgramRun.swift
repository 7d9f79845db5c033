// One run of a program: its pipes, its deadline, its end. Blocks the thread that it is completed on.
import CLinux
import Core
import Foundation

final class ProgramRun: @unchecked Sendable {
  private static let chunk = 16 << 10

  private let name: String
  private let deadline: ContinuousClock.Instant
  private let outputLimit: Int
  private let pid: pid_t
  /// Readable when the program has ended.
  private let process: Int32
  /// Readable when the caller no longer wants the result.
  private let cancellation: Int32
  private var writers: [Writer]
  private var readers: [Reader]

  private struct Writer {
    var file: Int32
    var bytes: [UInt8]
    var sent = 0
  }

  private struct Reader {
    var file: Int32
    var bytes: [UInt8] = []
    var isCut = false
  }

  /// Starts the program.
  init(
    path: String, arguments: [String], environment: [String: String], input: [UInt8], secrets: [UInt8]?,
    deadline: ContinuousClock.Instant, outputLimit: Int, memoryLimit: Int, fileLimit: Int?
  ) throws {
    name = path.split(separator: "/").last.map(String.init) ?? path
    self.deadline = deadline
    self.outputLimit = outputLimit
    var pipes: [ProgramPipe] = []
    defer { for pipe in pipes { pipe.closeChildEnd() } }
    do {
      pipes.append(try ProgramPipe(.toChild))
      pipes.append(try ProgramPipe(.fromChild))
      pipes.append(try ProgramPipe(.fromChild))
      if secrets != nil { pipes.append(try ProgramPipe(.toChild)) }
      pid = try ProgramLauncher.launch(
        path, [name] + arguments, environment: environment.map { "\($0.key)=\($0.value)" }.sorted(), files: pipes.map(\.childEnd))
    } catch {
      for pipe in pipes { pipe.closeOurEnd() }
      throw error
    }
    _ = plumb_limit_memory(pid, UInt(memoryLimit))
    if let fileLimit { _ = plumb_limit_files(pid, UInt(fileLimit)) }
    process = plumb_pidfd_open(pid)
    cancellation = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
    writers = [Writer(file: pipes[0].ourEnd, bytes: input)]
    if let secrets { writers.append(Writer(file: pipes[3].ourEnd, bytes: secrets)) }
    readers = [Reader(file: pipes[1].ourEnd), Reader(file: pipes[2].ourEnd)]
  }

  deinit { close(cancellation) }

  /// May be called from any thread, at any time.
  func cancel() {
    var one: UInt64 = 1
    _ = write(cancellation, &one, 8)
  }

  /// Waits for the program's end, or brings it about. For a thread that ends afterwards: it no longer takes SIGPIPE, which a program
  /// that does not read its input would send.
  func complete() throws -> ProgramResult {
    var pipe = sigset_t()
    sigemptyset(&pipe)
    sigaddset(&pipe, SIGPIPE)
    pthread_sigmask(SIG_BLOCK, &pipe, nil)
    var fault: (any Error)?
    do { try transfer() } catch { fault = error }
    // The group, so that nothing it started lives on.
    kill(-pid, SIGKILL)
    var code: Int32 = 0
    while waitpid(pid, &code, 0) < 0, errno == EINTR {}
    for writer in writers { closeFile(writer.file) }
    for reader in readers { closeFile(reader.file) }
    closeFile(process)
    if let fault { throw fault }
    let signal = Int(code & 0x7f)
    return ProgramResult(
      status: signal == 0 ? Int(code >> 8 & 0xff) : 128 + signal, out: readers[0].bytes, err: readers[1].bytes,
      isCut: readers.contains(where: \.isCut))
  }

  /// Moves bytes until the program has ended or must end.
  private func transfer() throws {
    while true {
      var files = [
        pollfd(fd: cancellation, events: Int16(POLLIN), revents: 0), pollfd(fd: process, events: Int16(POLLIN), revents: 0),
      ]
      files += writers.map { pollfd(fd: $0.file, events: Int16(POLLOUT), revents: 0) }
      files += readers.map { pollfd(fd: $0.file, events: Int16(POLLIN), revents: 0) }
      let left = ContinuousClock.now.duration(to: deadline).components
      guard left.seconds >= 0, left.attoseconds >= 0 else {
        throw Problem(.timeout, code: "program_timeout", "\(name) did not end in time.")
      }
      // Up and on, so that the deadline has passed when the wait is over.
      let wait = min(left.seconds, 3600) * 1000 + left.attoseconds / 1_000_000_000_000_000 + 1
      guard poll(&files, UInt(files.count), Int32(wait)) >= 0 || errno == EINTR else {
        throw Problem(.failure, code: "program_failed", "\(name) cannot be watched: \(String(cString: strerror(errno))).")
      }
      if files[0].revents != 0 { throw CancellationError() }
      for n in writers.indices where files[2 + n].revents != 0 { feed(n) }
      for n in readers.indices where files[2 + writers.count + n].revents != 0 { drain(n) }
      if readers.contains(where: \.isCut) { return }
      if files[1].revents != 0 || readers.allSatisfy({ $0.file < 0 }) && process < 0 {
        for n in readers.indices { drain(n) }
        return
      }
    }
  }

  private func feed(_ n: Int) {
    let count = writers[n].bytes.withUnsafeBytes { bytes in
      bytes.count == writers[n].sent
        ? 0 : write(writers[n].file, bytes.baseAddress! + writers[n].sent, bytes.count - writers[n].sent)
    }
    if count > 0 { writers[n].sent += count }
    let isBroken = count < 0 && errno != EAGAIN && errno != EINTR
    if isBroken || writers[n].sent == writers[n].bytes.count {
      closeFile(writers[n].file)
      writers[n].file = -1
    }
  }

  private func drain(_ n: Int) {
    var chunk = [UInt8](repeating: 0, count: Self.chunk)
    while readers[n].file >= 0 {
      let count = read(readers[n].file, &chunk, chunk.count)
      if count > 0 {
        let room = outputLimit - readers[n].bytes.count
        readers[n].bytes += chunk[..<min(count, room)]
        if count > room {
          readers[n].isCut = true
          return
        }
      } else if count == 0 || (errno != EAGAIN && errno != EINTR) {
        closeFile(readers[n].file)
        readers[n].file = -1
      } else if errno == EAGAIN {
        return
      }
    }
  }

  private func closeFile(_ file: Int32) {
    if file >= 0 { close(file) }
  }
}
