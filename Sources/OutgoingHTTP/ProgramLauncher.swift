// Starts a program with exactly the files, arguments and environment given.
import CLinux
import Core
import Foundation

enum ProgramLauncher {
  /// The pid of the program, which leads a process group of its own. `files` become its descriptors from 0 on; it gets no others.
  static func launch(_ path: String, _ arguments: [String], environment: [String], files: [Int32]) throws -> pid_t {
    var actions = posix_spawn_file_actions_t()
    var attributes = posix_spawnattr_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawnattr_init(&attributes)
    defer {
      posix_spawn_file_actions_destroy(&actions)
      posix_spawnattr_destroy(&attributes)
    }
    for (number, file) in files.enumerated() { posix_spawn_file_actions_adddup2(&actions, file, Int32(number)) }
    posix_spawn_file_actions_addclosefrom_np(&actions, Int32(files.count))
    // Signals as a program expects them, whatever this process ignores or blocks.
    var all = sigset_t()
    var none = sigset_t()
    sigfillset(&all)
    sigemptyset(&none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setpgroup(&attributes, 0)
    let flags = Int16(POSIX_SPAWN_SETSIGDEF) | Int16(POSIX_SPAWN_SETSIGMASK) | Int16(POSIX_SPAWN_SETPGROUP)
    posix_spawnattr_setflags(&attributes, flags)
    var arguments = arguments.map { strdup($0) } + [nil]
    var environment = environment.map { strdup($0) } + [nil]
    defer { for text in arguments + environment { free(text) } }
    var pid: pid_t = 0
    let failure = posix_spawn(&pid, path, &actions, &attributes, &arguments, &environment)
    guard failure == 0 else {
      if failure == ENOENT { throw Problem(.missing, code: "program_missing", "The program \(path) is not installed.") }
      throw Problem(.unavailable, code: "program_failed", "\(path) cannot be started: \(String(cString: strerror(failure))).")
    }
    return pid
  }
}
