// Random bytes and tokens that nobody can guess.
import COpenSSL

/// `count` unpredictable bytes. Stops the program if the operating system gives no entropy: nothing secret could be made.
public func secureRandom(_ count: Int) -> [UInt8] {
  guard count > 0 else { return [] }
  var bytes = [UInt8](repeating: 0, count: count)
  let done = RAND_bytes(&bytes, Int32(count))
  precondition(done == 1, "the operating system gives no random bytes")
  return bytes
}

/// Alphabets for `randomToken`.
public enum TokenAlphabet {
  public static let alphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
  public static let lowercase = "abcdefghijklmnopqrstuvwxyz0123456789"
  /// Without characters that people confuse (0 and O, 1, I and L).
  public static let readable = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
  public static let digits = "0123456789"
}

/// `length` characters, each drawn evenly from `alphabet` (2 to 256 ASCII characters).
public func randomToken(length: Int, alphabet: String = TokenAlphabet.alphanumeric) -> String {
  let characters = Array(alphabet.utf8)
  precondition((2...256).contains(characters.count), "an alphabet has 2 to 256 characters")
  // Bytes beyond the last whole multiple would favour the first characters.
  let even = 256 / characters.count * characters.count
  var token: [UInt8] = []
  token.reserveCapacity(length)
  while token.count < length {
    for byte in secureRandom((length - token.count) * 2) where Int(byte) < even && token.count < length {
      token.append(characters[Int(byte) % characters.count])
    }
  }
  return String(decoding: token, as: UTF8.self)
}
