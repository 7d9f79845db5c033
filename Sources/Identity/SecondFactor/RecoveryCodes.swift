// Codes for people who lost their second factor: shown once, kept as hashes, each good once.
import Crypto

public enum RecoveryCodes {
  public static let count = 10
  private static let half = 5

  /// `ABCDE-FGHJK`: 49 bits each, without letters that people confuse.
  public static func make() -> [String] {
    (0..<count).map { _ in
      let code = randomToken(length: 2 * half, alphabet: TokenAlphabet.readable)
      return code.prefix(half) + "-" + code.suffix(half)
    }
  }

  /// What is stored. Case, spaces and dashes do not matter. Bound to the account: equal codes of two people differ.
  public static func hash(_ code: String, account: String) -> String {
    let plain = code.uppercased().filter { $0.isLetter || $0.isNumber }
    return Digest.sha256Hex(Array((account + "\0" + plain).utf8))
  }

  /// The stored hashes without the one that was used; nil when the code is not among them.
  public static func use(_ code: String, of stored: [String], account: String) -> [String]? {
    let hash = Array(hash(code, account: account).utf8)
    // All are compared, so that the time does not tell which.
    let matches = stored.map { constantTimeEqual(Array($0.utf8), hash) }
    guard let at = matches.firstIndex(of: true) else { return nil }
    var left = stored
    left.remove(at: at)
    return left
  }
}
