// Starts one child: its own session, nothing inherited but its log, no shell.
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
  }

  /// The pid of the child, which leads a session and process group of its own. Throws Problem `spawn_failed` or `not_executable`.
  static func launch(_ request: Request) throws -> Int32 {
    var actions = posix_spawn_file_actions_t()
    var attributes = posix_spawnattr_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawnattr_init(&attributes)
    defer {
      posix_spawn_file_actions_destroy(&actions)
      posix_spawnattr_destroy(&attributes)
    }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, request.log, O_WRONLY | O_CREAT | O_APPEND, 0o600)
    posix_spawn_file_actions_adddup2(&actions, 1, 2)
    posix_spawn_file_actions_addchdir_np(&actions, request.folder)
    posix_spawn_file_actions_addclosefrom_np(&actions, 3)
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
    let failure = posix_spawn(&pid, request.program, &actions, &attributes, &arguments, &environment)
    guard failure == 0 else {
      let reason = String(cString: strerror(failure))
      switch failure {
      case ENOEXEC, EACCES: throw Problem(.invalid, code: "not_executable", "\(request.program) cannot be run: \(reason)")
      case ENOENT:
        throw Problem(
          .missing, code: "command_not_found", "\(request.program) cannot be run: it or its interpreter does not exist")
      case E2BIG: throw Problem(.tooLarge, code: "spawn_failed", "command and environment are too long")
      default: throw Problem(.unavailable, code: "spawn_failed", "\(request.program) cannot be started: \(reason)")
      }
    }
    return pid
  }

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
