// Finds the program that a command names, as execvp would, and says what is wrong when there is none.
import Core
import Foundation

struct CommandLookup: Sendable {
  /// Folders searched when the app's environment has no PATH: the folder of this program, so that
  /// `plumb hello` is found, then the usual ones.
  static let standardPath: String = {
    let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")).map {
      ($0 as NSString).deletingLastPathComponent
    }
    return ([own].compactMap { $0 } + ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"]).joined(
      separator: ":")
  }()

  /// Absolute path of the program. Throws Problem: `command_empty`, `command_not_found`, `not_executable`.
  static func find(_ command: String, path: String, folder: String) throws -> String {
    guard !command.isEmpty, !command.utf8.contains(0) else {
      throw Problem(.invalid, code: "command_empty", "the first word of `command` is empty or no file name")
    }
    if command.contains("/") {
      let file = command.hasPrefix("/") ? command : "\(folder)/\(command)"
      return try check(file, named: command) ?? { throw notFound(command, "there is no such file") }()
    }
    var refused: Problem?
    for directory in path.split(separator: ":") where directory.hasPrefix("/") {
      do {
        if let file = try check("\(directory)/\(command)", named: "\(directory)/\(command)") { return file }
      } catch let problem as Problem { refused = refused ?? problem }
    }
    throw refused ?? notFound(command, "it is not in \(path)")
  }

  /// The file if it can be run; nil if it does not exist.
  private static func check(_ file: String, named name: String) throws -> String? {
    var facts = stat()
    guard stat(file, &facts) == 0 else {
      if errno == EACCES { throw Problem(.invalid, code: "not_executable", "\(name) cannot be reached: permission denied") }
      return nil
    }
    guard facts.st_mode & S_IFMT == S_IFREG else {
      throw Problem(.invalid, code: "not_executable", "\(name) is not a file that can be run")
    }
    guard access(file, X_OK) == 0 else {
      throw Problem(.invalid, code: "not_executable", "\(name) is not executable", fix: "Run chmod +x on it.")
    }
    return file
  }

  private static func notFound(_ command: String, _ why: String) -> Problem {
    Problem(.missing, code: "command_not_found", "command not found: \(command) (\(why))")
  }
}
