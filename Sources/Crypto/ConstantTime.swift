// Comparing secrets without telling by the time it takes how much of them agreed.
import COpenSSL

/// Whether two secrets are equal. The time depends on their length only, which is not secret.
public func constantTimeEqual(_ a: [UInt8], _ b: [UInt8]) -> Bool {
  a.count == b.count && CRYPTO_memcmp(a, b, a.count) == 0
}
