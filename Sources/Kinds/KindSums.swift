// What a kind asks of every commit that touches it besides its objects: running sums over records, entries of the audit log.
import Core
import Expressions

extension KindSpec {
  /// A sum over the rows of a record kind, one for each value of `by`. Kept in the transaction that appends the rows.
  public struct Total: Sendable, Hashable {
    public var name: String
    /// An integer or decimal field; rows without it add nothing.
    public var sum: String
    /// Fields that tell one sum from another; empty: one for each tenant.
    public var by: [String]
    /// Bounds that no row may take the sum across. A sum that is out of bounds already may come nearer.
    public var min: Int?
    public var max: Int?
    public var code: String
    public var message: String?
    public init(
      name: String, sum: String, by: [String], min: Int? = nil, max: Int? = nil, code: String = "total", message: String? = nil
    ) {
      self.name = name
      self.sum = sum
      self.by = by
      self.min = min
      self.max = max
      self.code = code
      self.message = message
    }

    /// What stands against taking the sum to `value` by adding `delta`; nil when nothing does. Both are canonical decimals.
    public func problem(kind: String, value: String, delta: String) -> Problem? {
      let falls = delta.hasPrefix("-")
      let low = min.map { falls && Self.isLess(value, than: $0) } ?? false
      let high = max.map { !falls && delta != "0" && Self.isGreater(value, than: $0) } ?? false
      guard low || high else { return nil }
      let bound = low ? "at least \(min ?? 0)" : "at most \(max ?? 0)"
      return Problem(
        .conflict, code: code, message ?? "The \(name) of \(kind) must stay \(bound); this would make it \(value).",
        details: ["total": .string(name), "value": .string(value), "change": .string(delta)])
    }

    /// Compares canonical decimals of any length with a whole number.
    private static func isLess(_ text: String, than bound: Int) -> Bool { compare(text, bound) < 0 }
    private static func isGreater(_ text: String, than bound: Int) -> Bool { compare(text, bound) > 0 }

    private static func compare(_ text: String, _ bound: Int) -> Int {
      let negative = text.hasPrefix("-")
      let parts = text.drop { $0 == "-" }.split(separator: ".", maxSplits: 1)
      guard let whole = parts.first.flatMap({ Int($0) }) else { return negative ? -1 : 1 }
      let signed = negative ? -whole : whole
      if signed != bound { return signed < bound ? -1 : 1 }
      let hasFraction = parts.count > 1 && parts[1].contains { $0 != "0" }
      return hasFraction ? (negative ? -1 : 1) : 0
    }
  }

  /// Severity of the audit entry for each sort of write; nil: none is written.
  public struct Audit: Sendable {
    public enum Severity: String, Sendable, CaseIterable { case critical, high, medium, low, debug }
    public var create: Severity?
    public var update: Severity?
    public var delete: Severity?
    /// What the entry calls the object; nil: by its title.
    public var title: CELProgram?
    public init() {}
  }
}
