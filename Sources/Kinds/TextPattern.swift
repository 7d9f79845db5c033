// A field's `pattern`: the regular expressions of CEL (the RE2 subset) over a whole text.
import Core
import Expressions
import Foundation

/// Compiled patterns are kept, since the same few are asked for again and again.
public enum TextPattern {
  /// Patterns kept compiled; all are dropped when there are more.
  private static let limit = 4096
  /// Cost units of one match; matching is linear in the text.
  private static let costLimit = 20_000_000
  private static let cache = Cache()

  public static func matches(_ text: String, _ pattern: String) -> Bool {
    guard let program = try? program(pattern) else { return false }
    if case .success(let value) = program.evaluate(CELRecord(["text": .string(text)]), limit: costLimit) {
      return value.truth == true
    }
    return false
  }

  /// What is wrong with the pattern itself; nil when it is good.
  public static func fault(_ pattern: String) -> String? {
    do {
      switch try program(pattern).evaluate(CELRecord(["text": .string("")])) {
      case .success: return nil
      case .failure(let failure): return failure.message
      }
    } catch {
      return "\(error)"
    }
  }

  private static func program(_ pattern: String) throws -> CELProgram {
    if let known = cache.program(pattern) { return known }
    let program = try CELProgram("text.matches(\(JSON.text(.string("^(?:\(pattern))$"))))")
    cache.keep(program, for: pattern, limit: limit)
    return program
  }

  private final class Cache: @unchecked Sendable {
    private let lock = NSLock()
    private var programs: [String: CELProgram] = [:]
    func program(_ pattern: String) -> CELProgram? { lock.withLock { programs[pattern] } }
    func keep(_ program: CELProgram, for pattern: String, limit: Int) {
      lock.withLock {
        if programs.count >= limit { programs.removeAll() }
        programs[pattern] = program
      }
    }
  }
}
