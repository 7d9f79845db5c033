// The form encoding of Stripe's API: nested members in brackets, list items by number.
import Core

enum PaymentForm {
  /// `{"a": {"b": 1}, "c": [{"d": true}]}` → `a[b]=1&c[0][d]=true`. Nulls are left out.
  static func encode(_ value: Value) -> String {
    var pairs: [String] = []
    func add(_ value: Value, _ name: String) {
      switch value {
      case .null: break
      case .object(let map): for (key, inner) in map { add(inner, name.isEmpty ? key : "\(name)[\(key)]") }
      case .list(let items): for (at, item) in items.enumerated() { add(item, "\(name)[\(at)]") }
      case .bool(let flag): pairs.append("\(escape(name))=\(flag)")
      case .string(let text): pairs.append("\(escape(name))=\(escape(text))")
      default: pairs.append("\(escape(name))=\(escape(JSON.text(value)))")
      }
    }
    add(value, "")
    return pairs.joined(separator: "&")
  }

  /// Percent escapes of everything but letters, digits and `-._~`.
  static func escape(_ text: String) -> String {
    var out = ""
    for byte in text.utf8 {
      switch byte {
      case 48...57, 65...90, 97...122, 45, 46, 95, 126: out.unicodeScalars.append(Unicode.Scalar(byte))
      default:
        let digits = String(byte, radix: 16, uppercase: true)
        out += digits.utf8.count == 1 ? "%0" + digits : "%" + digits
      }
    }
    return out
  }
}
