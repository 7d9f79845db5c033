// The signature of a webhook of Stripe: `t=…,v1=…[,v1=…]`, HMAC-SHA256 over `t.body`, with a tolerance against replays.
import Core
import Crypto

enum StripeSignature {
  /// How old a signature may be, or how far ahead of our clock.
  static let tolerance = Duration.seconds(300)
  /// Signatures in one header that are looked at.
  private static let most = 10

  /// Several secrets while one is being replaced; several signatures while the provider does so.
  static func isGood(_ header: String, body: [UInt8], secret: String, now: Timestamp) -> Bool {
    var time: Int?
    var signatures: [[UInt8]] = []
    for part in header.split(separator: ",") {
      let pair = part.split(separator: "=", maxSplits: 1).map { $0.trimmed }
      guard pair.count == 2 else { continue }
      if pair[0] == "t" { time = Int(pair[1]) }
      if pair[0] == "v1", signatures.count < most, let bytes = Hex.decode(pair[1]) { signatures.append(bytes) }
    }
    guard let time, abs(time) < 1 << 40, !secret.isEmpty else { return false }
    let age = now - Timestamp(microseconds: time * 1_000_000)
    guard age <= tolerance, age >= .zero - tolerance else { return false }
    let wanted = Digest.hmacSHA256(key: Array(secret.utf8), Array("\(time).".utf8) + body)
    return signatures.reduce(false) { constantTimeEqual(wanted, $1) || $0 }
  }
}

extension Substring {
  fileprivate var trimmed: String { String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()) }
}
