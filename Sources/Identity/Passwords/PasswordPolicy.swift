// What a new password must be like. Everything that is missing is said at once.
import Core
import Crypto

public struct PasswordPolicy: Sendable {
  public var shortest: Int
  public var longest: Int
  /// Of small letters, capitals, digits and other characters.
  public var needsEveryKind: Bool

  public static let standard = PasswordPolicy(shortest: 8, longest: PasswordHasher.passwordLimit, needsEveryKind: true)

  /// Passwords that everybody tries first, in small letters. Those that lack a kind of character are refused anyway.
  private static let known: Set<String> = [
    "password1!", "password123!", "passw0rd!", "p@ssw0rd", "p@ssword1", "qwerty123!", "welcome1!", "letmein1!", "admin123!",
    "abc123!@#", "changeme1!", "p@ssw0rd1", "p@ssw0rd123", "p@ssword123", "summer2024!", "winter2024!", "welcome123!",
  ]

  /// Problems of category invalid; empty for a good password.
  /// - Parameter personal: texts that must not be the password, such as the person's address.
  public func faults(_ password: String, personal: [String] = [], pointer: String = "/password") -> [Problem] {
    var missing: [String] = []
    let scalars = password.unicodeScalars
    if scalars.count < shortest { missing.append("at least \(shortest) characters") }
    if password.utf8.count > longest { missing.append("at most \(longest) bytes") }
    if needsEveryKind {
      if !scalars.contains(where: \.properties.isLowercase) { missing.append("a small letter") }
      if !scalars.contains(where: \.properties.isUppercase) { missing.append("a capital letter") }
      if !scalars.contains(where: { $0.properties.numericType != nil }) { missing.append("a digit") }
      if !scalars.contains(where: { !$0.properties.isAlphabetic && $0.properties.numericType == nil }) {
        missing.append("a character that is neither letter nor digit")
      }
    }
    if !missing.isEmpty {
      return [
        Problem(
          .invalid, code: "weak_password", "The password needs \(Self.listed(missing)).", pointer: pointer,
          fix: "Choose a longer one.")
      ]
    }
    let lower = password.lowercased()
    if Self.known.contains(lower) || personal.contains(where: { !$0.isEmpty && $0.lowercased() == lower }) {
      return [
        Problem(.invalid, code: "weak_password", "This password is easily guessed.", pointer: pointer, fix: "Choose another.")
      ]
    }
    return []
  }

  private static func listed(_ items: [String]) -> String {
    items.count < 2 ? items.joined() : items.dropLast().joined(separator: ", ") + " and " + items[items.count - 1]
  }
}
