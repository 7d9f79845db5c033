// Decimals (money) as text: exact, one spelling for each number.
import Core

public enum DecimalText {
  /// Digits before and after the point together.
  public static let digits = 60

  /// `12.50` → `12.5`, `-0.0` → `0`, `007` → `7`; nil when the value is no decimal number. Doubles are taken by their
  /// shortest text.
  public static func canonical(_ value: Value) -> String? {
    switch value {
    case .int(let number): String(number)
    case .string(let text): canonical(text)
    case .double(let number): number.isFinite && abs(number) < 1e15 ? canonical("\(number)") : nil
    default: nil
    }
  }

  private static func canonical(_ text: String) -> String? {
    var rest = Substring(text)
    let negative = rest.hasPrefix("-")
    if negative { rest = rest.dropFirst() }
    let parts = rest.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count <= 2, parts.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy { $0 >= 48 && $0 <= 57 } }),
      rest.utf8.count <= digits
    else { return nil }
    var whole = parts[0].drop { $0 == "0" }
    if whole.isEmpty { whole = "0" }
    var fraction = parts.count == 2 ? parts[1] : ""
    while fraction.hasSuffix("0") { fraction = fraction.dropLast() }
    let magnitude = fraction.isEmpty ? String(whole) : "\(whole).\(fraction)"
    return negative && magnitude != "0" ? "-" + magnitude : magnitude
  }
}
