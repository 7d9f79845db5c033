// Values of spec files that are CEL: compiled where they stand, and checked later against the names they may read.
import Core
import Expressions

/// A compiled expression that waits for all kinds to be known.
struct PendingExpression {
  let program: CELProgram
  let scope: ExpressionScope
  let file: SpecFile
  let node: Node
}

/// Compiles expressions and remembers them for `ExpressionCheck`.
final class ExpressionReader {
  /// `reveal(field)` and `reveal(field, other)` stand for an opened secret: views take them apart, and nothing evaluates them.
  private static let functions = CELFunctions.platform.adding("reveal", arity: 1...2, style: .global) { $0[0] }
  let faults: SpecFaults
  private(set) var pending: [PendingExpression] = []

  init(faults: SpecFaults) { self.faults = faults }

  func program(_ map: SpecMap, _ key: String, _ scope: ExpressionScope) -> CELProgram? {
    map[key].flatMap { program($0, in: map.file, scope) }
  }

  /// The expression in a value position: text is CEL; numbers, booleans and null are themselves; lists and maps hold expressions.
  func program(_ node: Node, in file: SpecFile, _ scope: ExpressionScope) -> CELProgram? {
    guard let source = source(of: node, in: file, scope) else { return nil }
    do {
      let program = try CELProgram(source, functions: Self.functions, lenient: true)
      pending.append(PendingExpression(program: program, scope: scope, file: file, node: node))
      return program
    } catch let error as CELError {
      for fault in error.faults {
        let text = "CEL: \(fault.message)"
        faults.add(text, at: file.place(in: node, line: fault.line, column: fault.column), code: "cel", fix: Self.fix(source))
      }
    } catch {
      faults.add("CEL: \(error)", at: file.place(node), code: "cel")
    }
    return nil
  }

  /// A word alone is often meant as text.
  private static func fix(_ source: String) -> String? {
    source.contains(" ") && source.utf8.allSatisfy { ($0 | 0x20 >= 97 && $0 | 0x20 <= 122) || $0 == 32 }
      ? "A text constant is written \"'\(source)'\"." : nil
  }

  private func source(of node: Node, in file: SpecFile, _ scope: ExpressionScope) -> String? {
    switch node.content {
    case .scalar(.string(let text)): return text
    case .scalar(let value): return JSON.text(value)
    case .sequence(let items):
      let parts = items.compactMap { program($0, in: file, scope)?.source }
      return parts.count == items.count ? "[\(parts.joined(separator: ", "))]" : nil
    case .mapping(let members):
      let parts = members.compactMap { member in
        program(member.value, in: file, scope).map { "\(JSON.text(.string(member.key))): \($0.source)" }
      }
      return parts.count == members.count ? "{\(parts.joined(separator: ", "))}" : nil
    }
  }
}
