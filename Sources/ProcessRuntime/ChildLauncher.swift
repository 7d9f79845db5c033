// Starts one child: its own session, its own account, nothing inherited but its log, no shell.
import CLinux
import Core
import Foundation

enum ChildLauncher {
  struct Request {
    var program: String
    var arguments: [String]
    var environment: [(String, String)]
    var folder: String
    var log: String
    /// Nil: that of plumb.
    var account: ProcessAccount?
  }

  /// What is opened for the child while plumb still has its own account.
  private struct Opened {
    var folder: Int32
    var log: Int32
    /// Our own program, which the account may not reach by its path; -1: another one.
    var program: Int32
  }

  /// The pid of the child, which leads a session and process group of its own. Throws Problem `spawn_failed` or `not_executable`.
  static func launch(_ request: Request) throws -> Int32 {
    let opened = Opened(
      folder: open(request.folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW),
      log: open(request.log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0o600),
      program: request.account != nil && request.program == own ? open(request.program, O_RDONLY | O_CLOEXEC) : -1)
    defer { for file in [opened.folder, opened.log, opened.program] where file >= 0 { close(file) } }
    for (file, path) in [(opened.folder, request.folder), (opened.log, request.log)] where file < 0 {
      throw Problem(.unavailable, code: "storage", "cannot open \(path): \(String(cString: strerror(errno)))")
    }
    guard let account = request.account else { return try spawn(request, opened) }
    // Accounts belong to threads: this one gives up plumb's for good, starts the child, and ends.
    let done = DispatchSemaphore(value: 0)
    let result = Slot()
    let thread = Thread {
      let failure = plumb_become(account.uid, account.gid)
      result.value =
        failure == 0
        ? Result { try spawn(request, opened) }
        : .failure(
          Problem(
            .unavailable, code: "spawn_failed",
            "plumb cannot become account \(account.uid): \(String(cString: strerror(failure)))",
            fix: "Name an account or a range that exists here with plumb serve --app-user."))
      done.signal()
    }
    thread.name = "app-start"
    thread.start()
    done.wait()
    return try result.value.get()
  }

  private final class Slot: @unchecked Sendable {
    var value: Result<Int32, any Error> = .failure(Problem(.failure, code: "spawn_failed", "the child was not started"))
  }

  private static func spawn(_ request: Request, _ opened: Opened) throws -> Int32 {
    var actions = posix_spawn_file_actions_t()
    var attributes = posix_spawnattr_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawnattr_init(&attributes)
    defer {
      posix_spawn_file_actions_destroy(&actions)
      posix_spawnattr_destroy(&attributes)
    }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, opened.log, 1)
    posix_spawn_file_actions_adddup2(&actions, 1, 2)
    posix_spawn_file_actions_addfchdir_np(&actions, opened.folder)
    var program = request.program
    var first = Int32(3)
    if opened.program >= 0, access(request.program, X_OK) != 0 {
      posix_spawn_file_actions_adddup2(&actions, opened.program, first)
      program = "/proc/self/fd/\(first)"
      first += 1
    }
    posix_spawn_file_actions_addclosefrom_np(&actions, first)
    // The child starts with default signals and an empty mask, whatever this process ignores or blocks.
    var all = sigset_t()
    var none = sigset_t()
    sigfillset(&all)
    sigemptyset(&none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF) | Int16(POSIX_SPAWN_SETSIGMASK) | setsid)

    var arguments = request.arguments.map { strdup($0) } + [nil]
    var environment = request.environment.map { strdup("\($0.0)=\($0.1)") } + [nil]
    defer {
      for text in arguments { free(text) }
      for text in environment { free(text) }
    }
    var pid: pid_t = 0
    let failure = posix_spawn(&pid, program, &actions, &attributes, &arguments, &environment)
    guard failure == 0 else {
      let reason = String(cString: strerror(failure))
      switch failure {
      case ENOEXEC, EACCES:
        let who = request.account.map { " (apps do not run as root; this one has account \($0.uid))" } ?? ""
        throw Problem(.invalid, code: "not_executable", "\(request.program) cannot be run: \(reason)\(who)")
      case ENOENT:
        throw Problem(
          .missing, code: "command_not_found", "\(request.program) cannot be run: it or its interpreter does not exist")
      case E2BIG: throw Problem(.tooLarge, code: "spawn_failed", "command and environment are too long")
      default: throw Problem(.unavailable, code: "spawn_failed", "\(request.program) cannot be started: \(reason)")
      }
    }
    return pid
  }

  /// Path of this program.
  private static let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""

  /// POSIX_SPAWN_SETSID of glibc.
  private static let setsid: Int16 = 0x80

  /// Replaces `$(NAME)` by the variable's value; what names no variable stays. No shell is involved.
  static func expand(_ text: String, _ variables: [String: String]) -> String {
    guard text.contains("$(") else { return text }
    var out = ""
    var rest = Substring(text)
    while let open = rest.range(of: "$("), let close = rest[open.upperBound...].firstIndex(of: ")") {
      let name = String(rest[open.upperBound..<close])
      let end = rest.index(after: close)
      out += rest[..<open.lowerBound] + (variables[name].map { Substring($0) } ?? rest[open.lowerBound..<end])
      rest = rest[end...]
    }
    return out + rest
  }
}
