// Programs that tests start: spawned without a shell, waited for with a limit.
import Core
import Foundation

enum Child {
  /// Starts a program in a process group of its own. Its output, errors included, is appended to the file.
  static func spawn(_ arguments: [String], environment: [String: String] = [:], output: String) throws -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_APPEND, 0o644)
    posix_spawn_file_actions_adddup2(&actions, 1, 2)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    posix_spawnattr_setpgroup(&attributes, 0)
    // Threads of the test runner block signals; a program started by hand does not.
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP) | Int16(POSIX_SPAWN_SETSIGMASK))
    // What a developer's own shell says about Plumb is not for these servers.
    let inherited = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("PLUMB_") }
    let variables = inherited.merging(environment) { _, new in new }
    let argv = arguments.map { strdup($0) } + [nil]
    let envp = variables.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for text in argv + envp { free(text) } }
    var pid = pid_t()
    let status = posix_spawn(&pid, arguments[0], &actions, &attributes, argv, envp)
    guard status == 0 else {
      throw Problem(.failure, code: "spawn", "\(arguments[0]) cannot be run: \(String(cString: strerror(status)))")
    }
    return pid
  }

  /// Its exit code (128 and the signal for a killed one) when it has ended; nil while it runs.
  static func ended(_ pid: pid_t) -> Int32? {
    var status: Int32 = 0
    guard pid > 0, waitpid(pid, &status, WNOHANG) == pid else { return nil }
    return status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f)
  }

  /// Nil when it still runs after `seconds`.
  static func wait(_ pid: pid_t, seconds: Double) -> Int32? {
    let until = Date(timeIntervalSinceNow: seconds)
    while Date() < until {
      if let status = ended(pid) { return status }
      usleep(2_000)
    }
    return nil
  }

  /// Runs a program to its end: exit code (nil: it did not end and was killed), and all it printed.
  static func run(_ arguments: [String], environment: [String: String] = [:], seconds: Double = 60) throws -> (
    status: Int32?, output: String
  ) {
    let file = "/tmp/plumb-resil-out-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
    defer { unlink(file) }
    let pid = try spawn(arguments, environment: environment, output: file)
    let status = wait(pid, seconds: seconds)
    if status == nil {
      kill(-pid, SIGKILL)
      _ = wait(pid, seconds: 5)
    }
    return (status, (try? String(contentsOfFile: file, encoding: .utf8)) ?? "")
  }
}
