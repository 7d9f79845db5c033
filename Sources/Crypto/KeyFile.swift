// The file that holds a sealing key.
import Core
import Foundation

public enum KeyFile {
  /// Reads the 32-byte key at `path`, or makes one (mode 0600). Two processes that start at once agree on one key, and after a
  /// crash the file is either absent or whole. Fails when others may read the file.
  public static func loadOrCreate(_ path: String) throws -> [UInt8] {
    if let key = try load(path) { return key }
    try create(path)
    guard let key = try load(path) else { throw problem(path, "disappeared while it was made") }
    return key
  }

  private static func load(_ path: String) throws -> [UInt8]? {
    let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    if file < 0 {
      if errno == ENOENT { return nil }
      throw problem(path, "cannot be read: \(String(cString: strerror(errno)))")
    }
    defer { close(file) }
    var facts = stat()
    guard fstat(file, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else { throw problem(path, "is not a regular file") }
    guard facts.st_mode & 0o077 == 0 else {
      throw problem(path, "can be read by other users", fix: "Run: chmod 600 \(path)")
    }
    var key = [UInt8](repeating: 0, count: AESGCM.keyLength + 1)
    let count = read(file, &key, key.count)
    guard count == AESGCM.keyLength else {
      throw problem(path, "does not hold a key of \(AESGCM.keyLength) bytes", fix: "Restore it from a backup.")
    }
    key.removeLast()
    return key
  }

  /// Writes a new key beside `path` and links it there: linking fails, harmlessly, when another process was first.
  private static func create(_ path: String) throws {
    let draft = "\(path).\(getpid()).\(randomToken(length: 8))"
    let file = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard file >= 0 else { throw problem(path, "cannot be made: \(String(cString: strerror(errno)))") }
    defer { unlink(draft) }
    let key = secureRandom(AESGCM.keyLength)
    let isWritten = write(file, key, key.count) == key.count && fsync(file) == 0
    close(file)
    guard isWritten else { throw problem(path, "cannot be written: \(String(cString: strerror(errno)))") }
    guard link(draft, path) == 0 || errno == EEXIST else {
      throw problem(path, "cannot be made: \(String(cString: strerror(errno)))")
    }
    let folder = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    let handle = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    if handle >= 0 {
      fsync(handle)
      close(handle)
    }
  }

  private static func problem(_ path: String, _ what: String, fix: String? = nil) -> Problem {
    Problem(.failure, code: "key_file", "The key file \(path) \(what).", fix: fix)
  }
}
