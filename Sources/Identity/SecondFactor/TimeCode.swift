// One-time passwords of authenticator apps (RFC 4226, RFC 6238).
import Core
import Crypto

/// A shared secret and how codes follow from it.
public struct TimeCode: Sendable, Hashable {
  public static let secretLength = 20
  /// Steps before and after the present one that are taken too, for clocks that differ.
  public static let window = 1

  public var secret: [UInt8]
  public var digest: KeyedDigest
  public var digits: Int
  public var period: Int

  /// - Parameter digits: 6 to 8.
  public init(secret: [UInt8], digest: KeyedDigest = .sha1, digits: Int = 6, period: Int = 30) {
    self.secret = secret
    self.digest = digest
    self.digits = min(max(digits, 6), 8)
    self.period = max(period, 1)
  }

  public static func generate() -> TimeCode { TimeCode(secret: secureRandom(secretLength)) }

  public func step(at now: Timestamp) -> Int { Int((now.seconds / Double(period)).rounded(.down)) }

  /// The code of a step, with leading zeros.
  public func code(step: Int) -> String {
    var counter = [UInt8](repeating: 0, count: 8)
    for place in 0..<8 { counter[7 - place] = UInt8(truncatingIfNeeded: step >> (8 * place)) }
    let mac = digest.code(key: secret, counter)
    let offset = Int(mac[mac.count - 1] & 15)
    let number = mac[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) } & 0x7fff_ffff
    var limit = 1
    for _ in 0..<digits { limit *= 10 }
    let text = String(number % limit)
    return String(repeating: "0", count: digits - text.count) + text
  }

  /// The step whose code this is, within the window and after `last`, the step that was used last: so no code works twice.
  public func accepted(_ code: String, at now: Timestamp, after last: Int?) -> Int? {
    let given = Array(code.utf8)
    guard given.count == digits else { return nil }
    let present = step(at: now)
    var found: Int?
    for step in max(0, present - Self.window)...present + Self.window
    where constantTimeEqual(Array(self.code(step: step).utf8), given) && found == nil {
      found = step
    }
    guard let found, found > last ?? -1 else { return nil }
    return found
  }

  /// `otpauth://totp/…`, which apps read as a QR code.
  public func address(issuer: String, account: String) -> String {
    func escaped(_ text: String) -> String {
      text.utf8.map { byte in
        let isPlain =
          (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || [45, 46, 95, 126].contains(byte)
        return isPlain ? String(UnicodeScalar(byte)) : "%" + Hex.encode([byte]).uppercased()
      }.joined()
    }
    return
      "otpauth://totp/\(escaped(issuer)):\(escaped(account))?secret=\(Base32.encode(secret))&issuer=\(escaped(issuer))"
      + "&algorithm=\(digest.rawValue.uppercased())&digits=\(digits)&period=\(period)"
  }
}
