// A file that only this process and its children can read, and that never touches a disk: for what git and ssh want as a path.
import CLinux
import Core
import Foundation

/// Gone with the last reference to it, and with the process.
final class MemoryFile {
  private let file: Int32
  /// Readable by processes of this user while this object lives.
  let path: String

  init(_ bytes: [UInt8]) throws(GitFault) {
    file = plumb_memory_file("plumb")
    path = "/proc/\(getpid())/fd/\(file)"
    guard file >= 0, fchmod(file, 0o600) == 0 else {
      throw GitFault(.failed, "No file in memory can be made: \(String(cString: strerror(errno))).")
    }
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes { write(file, $0.baseAddress! + sent, bytes.count - sent) }
      guard count > 0 else { throw GitFault(.failed, "A file in memory cannot be written.") }
      sent += count
    }
  }

  convenience init(_ text: String) throws(GitFault) { try self.init(Array(text.utf8)) }

  deinit { if file >= 0 { close(file) } }
}
