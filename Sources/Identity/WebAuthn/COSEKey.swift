// Public keys as authenticators send them (COSE, RFC 9052): P-256 and RSA, and nothing else.
import Core
import Crypto

enum COSEKey {
  /// Algorithms offered to authenticators: ES256, RS256.
  static let algorithms = [-7, -257]

  private static let keyType = 1
  private static let algorithm = 3

  /// Throws Problem `bad_key`.
  static func read(_ item: CBOR) throws -> VerificationKey {
    switch (item[keyType]?.int, item[algorithm]?.int) {
    case (2, -7):
      guard item[-1]?.int == 1, let x = item[-2]?.bytes, let y = item[-3]?.bytes, let key = VerificationKey.p256(x: x, y: y)
      else {
        throw bad
      }
      return key
    case (3, -257):
      guard let modulus = item[-1]?.bytes, let exponent = item[-2]?.bytes,
        let key = VerificationKey.rsa(modulus: modulus, exponent: exponent)
      else { throw bad }
      return key
    default: throw bad
    }
  }

  private static var bad: Problem {
    Problem(.invalid, code: "bad_key", "The authenticator's key is of a kind that is not accepted.", fix: "Use ES256 or RS256.")
  }
}
