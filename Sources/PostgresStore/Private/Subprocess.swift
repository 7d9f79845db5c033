// Runs a program to its end, or starts one that stays. No shell, no inherited descriptors.
import CLinux
import Core
import Foundation

enum Subprocess {
  /// Bytes of output that are kept.
  private static let maxOutput = 64 << 10

  /// Starts `arguments[0]` in a session of its own, so that a Ctrl-C in the terminal reaches only us. Output goes to `output`;
  /// descriptor 3 is what is `handing`ed over. Returns the process id. Throws Problem(.failure).
  static func spawn(_ arguments: [String], output: Int32, handing: Int32? = nil) throws -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, output, 1)
    posix_spawn_file_actions_adddup2(&actions, output, 2)
    if let handing { posix_spawn_file_actions_adddup2(&actions, handing, 3) }
    posix_spawn_file_actions_addclosefrom_np(&actions, handing == nil ? 3 : 4)
    // PostgreSQL must not run where the caller happened to be: that folder may not be open to its user.
    posix_spawn_file_actions_addchdir_np(&actions, "/")
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    sigaddset(&signals, SIGPIPE)
    sigaddset(&signals, SIGINT)
    sigaddset(&signals, SIGTERM)
    sigaddset(&signals, SIGHUP)
    posix_spawnattr_setsigdefault(&attributes, &signals)
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETSIGMASK) | Int16(POSIX_SPAWN_SETSIGDEF) | Int16(PLUMB_POSIX_SPAWN_SETSID))
    let environment = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", "TZ=UTC"]
    var pid = pid_t()
    let status = withCStrings(arguments) { argv in
      withCStrings(environment) { envp in posix_spawn(&pid, arguments[0], &actions, &attributes, argv, envp) }
    }
    guard status == 0 else {
      throw Problem(.failure, code: "cannot_run", "\(arguments[0]) cannot be run: \(String(cString: strerror(status))).")
    }
    return pid
  }

  /// Runs a program to its end; kills it after `seconds`. Returns its exit status and output.
  static func run(_ arguments: [String], seconds: Double, handing: Int32? = nil) throws -> (status: Int32, output: String) {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw Problem(.unavailable, code: "no_descriptors", "No file descriptors are left.") }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    defer { close(ends[0]) }
    let pid: pid_t
    do { pid = try spawn(arguments, output: ends[1], handing: handing) } catch {
      close(ends[1])
      throw error
    }
    close(ends[1])
    let deadline = Date(timeIntervalSinceNow: seconds)
    var output: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    var late = false
    while true {
      var end = pollfd(fd: ends[0], events: Int16(POLLIN), revents: 0)
      let left = deadline.timeIntervalSinceNow
      if left <= 0 {
        kill(-pid, SIGKILL)
        late = true
        break
      }
      guard poll(&end, 1, Int32(left * 1000) + 1) > 0 else { continue }
      let count = read(ends[0], &buffer, buffer.count)
      if count <= 0 { break }
      if output.count < maxOutput { output += buffer[0..<count] }
    }
    var status: Int32 = 0
    while waitpid(pid, &status, 0) < 0, errno == EINTR {}
    let text = String(decoding: output, as: UTF8.self)
    if late {
      throw Problem(.timeout, code: "program_slow", "\(arguments[0]) did not finish in \(Int(seconds)) s: \(text.suffix(300))")
    }
    return (exitStatus(status), text)
  }

  /// As a shell would say it: 128 and the signal for a killed one.
  static func exitStatus(_ status: Int32) -> Int32 { status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f) }

  private static func withCStrings<R>(_ texts: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> R) -> R {
    let copies = texts.map { strdup($0) }
    defer { for copy in copies { free(copy) } }
    return (copies + [nil]).withUnsafeBufferPointer { body($0.baseAddress!) }
  }
}
