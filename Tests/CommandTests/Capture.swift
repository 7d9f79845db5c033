// Runs the command line inside the test and keeps what it writes.
import Foundation

@testable import PlumbCommand

final class Capture: @unchecked Sendable {
  private let lock = NSLock()
  private var bytes: [Int32: [UInt8]] = [:]

  func console(colours: Bool = false) -> Console {
    Console(isTerminal: false, errorIsTerminal: false, colours: colours) { descriptor, bytes in
      self.lock.withLock { self.bytes[descriptor, default: []] += bytes }
    }
  }

  var out: String { lock.withLock { String(decoding: bytes[1] ?? [], as: UTF8.self) } }
  var error: String { lock.withLock { String(decoding: bytes[2] ?? [], as: UTF8.self) } }

  /// Runs `plumb words…`.
  static func run(_ words: String...) -> (code: ExitCode, out: String, error: String) { run(words) }

  static func run(_ words: [String]) -> (code: ExitCode, out: String, error: String) {
    let capture = Capture()
    let console = capture.console()
    let code = Program.run(words, console: console)
    console.flush()
    return (code, capture.out, capture.error)
  }
}

/// A folder that is gone after the test.
final class TemporaryFolder {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "plumb-command-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  @discardableResult func write(_ name: String, _ text: String) throws -> String { try write(name, Array(text.utf8)) }

  @discardableResult func write(_ name: String, _ bytes: [UInt8]) throws -> String {
    let file = "\(path)/\(name)"
    try FileManager.default.createDirectory(
      atPath: (file as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    try Data(bytes).write(to: URL(fileURLWithPath: file))
    return file
  }
}
