// A field's `pattern`: a regular expression of the RE2 kind, over a whole text.
import Expressions
import Foundation

/// Compiled patterns are kept, since the same few are asked for again and again.
public enum TextPattern {
  private static let cache = Cache()

  /// Whether all of `text` matches; never for a pattern that is none.
  public static func matches(_ text: String, _ pattern: String) -> Bool {
    (try? compiled(pattern))?.matches(text) ?? false
  }

  /// What is wrong with the pattern itself; nil when it is good.
  public static func fault(_ pattern: String) -> String? {
    do {
      _ = try compiled(pattern)
      return nil
    } catch {
      return error.message
    }
  }

  private static func compiled(_ pattern: String) throws(Pattern.Fault) -> Pattern {
    if let known = cache.find(pattern) { return known }
    let compiled = try Pattern("^(?:\(pattern))$")
    cache.keep(compiled, for: pattern)
    return compiled
  }

  private final class Cache: @unchecked Sendable {
    /// Patterns kept; all are dropped when there are more.
    private static let limit = 4096
    private let lock = NSLock()
    private var patterns: [String: Pattern] = [:]

    func find(_ pattern: String) -> Pattern? { lock.withLock { patterns[pattern] } }

    func keep(_ compiled: Pattern, for pattern: String) {
      lock.withLock {
        if patterns.count >= Self.limit { patterns.removeAll() }
        patterns[pattern] = compiled
      }
    }
  }
}
