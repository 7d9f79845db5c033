// Compiled expressions of policies, by their text: compiled once in a process, whatever number of plans they are held against.
import Core
import Expressions
import Foundation

/// A memo. What it gives depends on the text alone.
public final class PolicyPrograms: @unchecked Sendable {
  /// Texts kept; beyond it all are forgotten, and compiled anew when they are needed.
  static let most = 2000
  /// Names that expressions of policies may read.
  static let names = [
    "new", "old", "self", "kind", "name", "labels", "tenant", "operation", "changes", "references", "manager", "set", "actor",
    "plan",
    "now",
  ]

  enum Compiled: Sendable {
    case program(CELProgram)
    case broken([CELError.Fault])
  }

  private let lock = NSLock()
  private var known: [String: Compiled] = [:]

  public init() {}

  func compiled(_ source: String) -> Compiled {
    if let compiled = lock.withLock({ known[source] }) { return compiled }
    let made: Compiled
    do {
      made = .program(try CELProgram(source, functions: .platform, lenient: true))
    } catch {
      made = .broken((error as? CELError)?.faults ?? [])
    }
    lock.withLock {
      if known.count >= Self.most { known.removeAll() }
      known[source] = made
    }
    return made
  }

  func program(_ source: String?) -> CELProgram? {
    guard let source, case .program(let program) = compiled(source) else { return nil }
    return program
  }

  /// What is wrong with an expression: each fault with its line and column within the text, and names that nothing gives.
  func faults(_ source: String) -> [(text: String, fix: String?)] {
    switch compiled(source) {
    case .broken(let faults): return faults.map { ("line \($0.line), column \($0.column) of the expression: \($0.message)", nil) }
    case .program(let program):
      return Set(program.paths.compactMap(\.first)).subtracting(Self.names).sorted().map { name in
        let near = nearestName(to: name, among: Self.names)
        return (
          "there is no name \"\(name)\" in a policy",
          near.map { "Did you mean \"\($0)\"?" } ?? "Fields of the object are written new.\(name) or old.\(name)."
        )
      }
    }
  }
}
