// A stored password: scrypt (RFC 7914) with its parameters and salt in one line of text.
import COpenSSL

/// `$scrypt$ln=15,r=8,p=1$SALT$HASH`, salt and hash in base64 without padding. One hash takes about 130 ms and 32 MiB:
/// use `PasswordHasher` from async code.
public struct PasswordHash: Sendable, Hashable {
  /// Cost of scrypt: N = 2^logN rounds over blocks of 128·r bytes, p times.
  public struct Cost: Sendable, Hashable {
    public var logN: Int
    public var r: Int
    public var p: Int
    public init(logN: Int, r: Int, p: Int) {
      self.logN = logN
      self.r = r
      self.p = p
    }
    public static let current = Cost(logN: 15, r: 8, p: 1)

    /// Stored text may come from elsewhere: a hash must not be able to ask for more memory or time than this.
    var isAllowed: Bool { (1...17).contains(logN) && (1...16).contains(r) && (1...4).contains(p) }
  }

  static let saltLength = 16
  static let hashLength = 32
  static let memoryLimit: UInt64 = 320 << 20

  public let cost: Cost
  let salt: [UInt8]
  let hash: [UInt8]

  /// Hashes a new password with a random salt.
  public init(password: String, cost: Cost = .current) {
    let salt = secureRandom(Self.saltLength)
    guard let hash = Self.scrypt(Array(password.utf8), salt: salt, cost: cost, length: Self.hashLength) else {
      preconditionFailure("scrypt refused its own parameters")
    }
    self.cost = cost
    self.salt = salt
    self.hash = hash
  }

  /// Reads stored text; nil when it is not of the form above or asks for more than the allowed cost.
  public init?(text: String) {
    let parts = text.split(separator: "$", omittingEmptySubsequences: false)
    guard parts.count == 5, parts[0].isEmpty, parts[1] == "scrypt",
      let salt = Base64.decodeUnpadded(parts[3]), (8...64).contains(salt.count),
      let hash = Base64.decodeUnpadded(parts[4]), (16...64).contains(hash.count)
    else { return nil }
    let settings = parts[2].split(separator: ",", omittingEmptySubsequences: false)
    guard settings.count == 3, let logN = Self.number(settings[0], "ln="), let r = Self.number(settings[1], "r="),
      let p = Self.number(settings[2], "p=")
    else { return nil }
    let cost = Cost(logN: logN, r: r, p: p)
    guard cost.isAllowed else { return nil }
    self.cost = cost
    self.salt = salt
    self.hash = hash
  }

  public var text: String {
    "$scrypt$ln=\(cost.logN),r=\(cost.r),p=\(cost.p)$\(Base64.encodeUnpadded(salt))$\(Base64.encodeUnpadded(hash))"
  }

  public func verify(_ password: String) -> Bool {
    guard let computed = Self.scrypt(Array(password.utf8), salt: salt, cost: cost, length: hash.count) else { return false }
    return constantTimeEqual(computed, hash)
  }

  /// True when the password should be hashed again, at the next successful login, with today's cost.
  public var needsUpgrade: Bool { cost != .current || salt.count < Self.saltLength || hash.count < Self.hashLength }

  /// Raw scrypt; nil when OpenSSL refuses the parameters.
  static func scrypt(_ password: [UInt8], salt: [UInt8], cost: Cost, length: Int) -> [UInt8]? {
    var out = [UInt8](repeating: 0, count: length)
    let done = password.withUnsafeBytes { bytes in
      EVP_PBE_scrypt(
        bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count, salt, salt.count, UInt64(1) << UInt64(cost.logN),
        UInt64(cost.r), UInt64(cost.p), memoryLimit, &out, length)
    }
    return done == 1 ? out : nil
  }

  private static func number(_ setting: Substring, _ prefix: String) -> Int? {
    guard setting.hasPrefix(prefix) else { return nil }
    let digits = setting.dropFirst(prefix.count)
    guard (1...2).contains(digits.utf8.count), digits.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
    return Int(digits)
  }
}
