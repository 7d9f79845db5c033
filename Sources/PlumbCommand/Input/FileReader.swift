// Reads whole files by plain system calls, with a limit, and says in plain words why one cannot be read.
import Core
import Glibc

enum FileReader {
  /// The file's bytes. Throws Problem(.invalid), or (.tooLarge) beyond `limit` bytes. `-` is standard input.
  static func read(_ path: String, limit: Int) throws -> [UInt8] {
    if path == "-" { return try drain(0, path: "standard input", limit: limit, expected: 0) }
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)
    guard descriptor >= 0 else { throw unreadable(path, errno) }
    defer { close(descriptor) }
    var facts = stat()
    guard fstat(descriptor, &facts) == 0 else { throw unreadable(path, errno) }
    if facts.st_mode & S_IFMT == S_IFDIR { throw unreadable(path, EISDIR) }
    if facts.st_size > limit { throw tooLarge(path, limit, size: Int(facts.st_size)) }
    return try drain(descriptor, path: path, limit: limit, expected: Int(facts.st_size))
  }

  private static func drain(_ descriptor: Int32, path: String, limit: Int, expected: Int) throws -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(expected + 1)
    let chunk = 1 << 16
    while true {
      let count = withUnsafeTemporaryAllocation(byteCount: chunk, alignment: 1) { space in
        let count = Glibc.read(descriptor, space.baseAddress!, chunk)
        if count > 0 { bytes.append(contentsOf: space[..<count]) }
        return count
      }
      if count == 0 { return bytes }
      if count < 0, errno != EINTR { throw unreadable(path, errno) }
      if bytes.count > limit { throw tooLarge(path, limit, size: nil) }
    }
  }

  static func unreadable(_ path: String, _ code: Int32) -> Problem {
    let (why, fix): (String, String?) =
      switch code {
      case ENOENT: ("there is no such file or folder", "Check the path.")
      case EACCES: ("this user may not read it", "Change its mode or owner.")
      case EISDIR: ("it is a folder", nil)
      default: (String(cString: strerror(code)), nil)
      }
    return Problem(
      .invalid, code: code == ENOENT ? "no_file" : "unreadable", "\(path) cannot be read: \(why).", fix: fix)
  }

  static func tooLarge(_ path: String, _ limit: Int, size: Int?) -> Problem {
    let has = size.map { "has \($0) bytes" } ?? "goes on"
    return Problem(
      .tooLarge, code: "too_large", "\(path) \(has), more than the \(limit) that are read.",
      fix: "Is it a manifest? Split it into smaller files.")
  }
}
