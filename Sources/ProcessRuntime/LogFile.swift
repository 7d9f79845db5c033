// Log files of replicas: written by the children themselves, kept to two files of a bounded size.
import Foundation

/// `<index>.log` and the part before it, `<index>.log.1`. A child appends on its own, so that it survives plumb; the file is
/// therefore rotated by copying and truncating, and what is written in the moment between may be lost.
enum LogFile {
  static let mostBytes = 1 << 20
  static let mostTail = 256 << 10

  /// Copies the file away and empties it when it has grown past the limit.
  static func rotateIfLarge(_ path: String) {
    var facts = stat()
    guard stat(path, &facts) == 0, facts.st_size > mostBytes else { return }
    guard let kept = tail(path, bytes: mostBytes) else { return }
    let copy = path + ".1"
    guard FileManager.default.createFile(atPath: copy + ".new", contents: kept, attributes: [.posixPermissions: 0o600]) else {
      // No room for the copy: emptying the file is what makes room.
      truncate(path, 0)
      return
    }
    rename(copy + ".new", copy)
    truncate(path, 0)
  }

  /// The last `bytes` of a file; nil when it cannot be read.
  static func tail(_ path: String, bytes: Int) -> Data? {
    guard let file = FileHandle(forReadingAtPath: path) else { return nil }
    defer { try? file.close() }
    guard let end = try? file.seekToEnd() else { return nil }
    try? file.seek(toOffset: end > UInt64(bytes) ? end - UInt64(bytes) : 0)
    return try? file.read(upToCount: bytes) ?? Data()
  }

  /// The last lines over both files, oldest first.
  static func lines(_ path: String, most: Int) -> [String] {
    var text = Data()
    if let before = tail(path + ".1", bytes: mostTail) { text.append(before) }
    if let now = tail(path, bytes: mostTail) { text.append(now) }
    let lines = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: true)
    return lines.suffix(most).map { String(decoding: $0, as: UTF8.self) }
  }
}
