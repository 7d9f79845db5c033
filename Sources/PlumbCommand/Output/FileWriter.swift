// Writes a file whole: beside it first, then moved into place.
import Core
import Glibc

enum FileWriter {
  /// Readable by its owner only. Throws Problem(.failure).
  static func write(_ bytes: [UInt8], to path: String) throws {
    let temporary = path + ".new"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw failed(path) }
    var at = 0
    while at < bytes.count {
      let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress! + at, $0.count - at) }
      if count > 0 {
        at += count
      } else if errno != EINTR {
        let problem = failed(path)
        close(descriptor)
        unlink(temporary)
        throw problem
      }
    }
    guard close(descriptor) == 0, rename(temporary, path) == 0 else {
      let problem = failed(path)
      unlink(temporary)
      throw problem
    }
  }

  private static func failed(_ path: String) -> Problem {
    Problem(
      .failure, code: "not_written", "\(path) cannot be written: \(String(cString: strerror(errno))).",
      fix: "Check the folder and its space.")
  }
}
