// Values that must not be guessable, and the stored forms of secrets.
import Core

/// Mints identifiers and secrets. Handed to the planner, so that planning itself stays a function of its inputs.
public protocol Minting: Sendable {
  func uid(at now: Timestamp) -> UID
  func token(prefix: String, length: Int) -> String
  /// Stored form of a secret that is only compared: `{"$hash": hex, "hint": last eight characters}`.
  func hash(_ plain: String) -> Value
  /// Stored form of a secret that the server must read: `{"$sealed": text, "$digest": keyed digest, "hint": …}`.
  func seal(_ plain: String, context: String) throws -> Value
}

/// How stored secrets are told from other values, and shown.
public enum SecretForm {
  /// Characters of a secret that stay readable beside it: of a short one half.
  public static let hintLength = 8

  public static func isSecret(_ value: Value) -> Bool {
    guard case .object(let map) = value else { return false }
    return map.has("$hash") || map.has("$sealed") || map.has("$password")
  }

  public static func hint(of plain: String) -> Value { .string(String(plain.suffix(min(hintLength, plain.count / 2)))) }
}
