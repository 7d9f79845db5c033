// Ids of requests: unique over processes and restarts, cheap to make.
import Core
import Foundation

final class RequestIDs: @unchecked Sendable {
  private static let digits = Array("0123456789abcdef".utf8)
  private let lock = NSLock()
  private let prefix: UInt64
  private var next: UInt64

  init(random: any RandomSource) {
    prefix = random.next()
    next = random.next() & 0xFFFF_FFFF
  }

  /// 32 hexadecimal digits.
  func make() -> String {
    let number = lock.withLock {
      next &+= 1
      return next
    }
    return String(unsafeUninitializedCapacity: 32) { out in
      for (half, word) in [prefix, number].enumerated() {
        for digit in 0..<16 { out[half * 16 + digit] = Self.digits[Int(truncatingIfNeeded: word >> UInt64(60 - 4 * digit)) & 15] }
      }
      return 32
    }
  }
}
