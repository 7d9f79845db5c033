// A DEFLATE encoder (RFC 1951): LZ77 over hash chains, fixed Huffman codes. No library that has one is linked.

/// Meant for JSON and text answers: about a third to a tenth of their size, in one pass, with 320 KiB of working memory.
enum Deflate {
  private static let minMatch = 3
  private static let maxMatch = 258
  private static let window = 1 << 15
  private static let hashBits = 15
  /// Earlier places tried for each match, and the length at which the search is content.
  private static let chainLimit = 24
  private static let goodMatch = 96

  /// `input` as one final block; at most 9/8 of its size.
  static func compress(_ input: [UInt8]) -> [UInt8] {
    let capacity = input.count / 8 * 9 + 64
    return [UInt8](unsafeUninitializedCapacity: capacity) { out, count in
      guard let base = out.baseAddress else { return }
      var bits = BitWriter(base)
      bits.put(0b011, 3)  // Final block, fixed codes.
      input.withUnsafeBufferPointer { encode($0, to: &bits) }
      bits.literal(256)
      count = bits.finish()
    }
  }

  private static func encode(_ input: UnsafeBufferPointer<UInt8>, to bits: inout BitWriter) {
    // For each hash, the last place it was seen; for each place in the window, the one before it. Places count from 1.
    var heads = [Int32](repeating: 0, count: 1 << hashBits)
    var earlier = [Int32](repeating: 0, count: window)
    heads.withUnsafeMutableBufferPointer { heads in
      earlier.withUnsafeMutableBufferPointer { earlier in
        var at = 0
        while at < input.count {
          guard at + minMatch <= input.count else {
            bits.literal(Int(input[at]))
            at += 1
            continue
          }
          let match = longestMatch(input, at, heads, earlier)
          let step = match.length >= minMatch ? match.length : 1
          if step == 1 { bits.literal(Int(input[at])) } else { bits.match(length: step, distance: match.distance) }
          for place in at..<min(at + step, input.count - minMatch + 1) {
            let hash = hash(input, place)
            earlier[place & (window - 1)] = heads[hash]
            heads[hash] = Int32(place + 1)
          }
          at += step
        }
      }
    }
  }

  private static func longestMatch(
    _ input: UnsafeBufferPointer<UInt8>, _ at: Int, _ heads: UnsafeMutableBufferPointer<Int32>,
    _ earlier: UnsafeMutableBufferPointer<Int32>
  ) -> (length: Int, distance: Int) {
    let limit = min(maxMatch, input.count - at)
    var best = (length: minMatch - 1, distance: 0)
    var place = Int(heads[hash(input, at)]) - 1
    var tries = chainLimit
    while place >= 0, at - place <= window, tries > 0 {
      // A longer match must agree in the byte after the best one.
      if input[place + best.length] == input[at + best.length], input[place] == input[at] {
        var length = 1
        while length < limit, input[place + length] == input[at + length] { length += 1 }
        if length > best.length {
          best = (length, at - place)
          if length >= goodMatch || length == limit { break }
        }
      }
      let next = Int(earlier[place & (window - 1)]) - 1
      // An entry that was overwritten points forward: the chain has left the window.
      guard next < place else { break }
      place = next
      tries -= 1
    }
    return best
  }

  @inline(__always) private static func hash(_ input: UnsafeBufferPointer<UInt8>, _ at: Int) -> Int {
    let three = UInt32(input[at]) | UInt32(input[at + 1]) << 8 | UInt32(input[at + 2]) << 16
    return Int((three &* 0x9E37_79B1) >> UInt32(32 - hashBits))
  }
}

/// Bits in DEFLATE's order, and its fixed codes.
private struct BitWriter {
  private let out: UnsafeMutablePointer<UInt8>
  private var count = 0
  private var pending: UInt64 = 0
  private var bits = 0

  init(_ out: UnsafeMutablePointer<UInt8>) { self.out = out }

  /// The lowest `length` bits of `value`, lowest first.
  @inline(__always) mutating func put(_ value: Int, _ length: Int) {
    pending |= UInt64(value) << UInt64(bits)
    bits += length
    while bits >= 8 {
      out[count] = UInt8(truncatingIfNeeded: pending)
      count += 1
      pending >>= 8
      bits -= 8
    }
  }

  /// Huffman codes go highest bit first.
  @inline(__always) private mutating func code(_ value: Int, _ length: Int) {
    put(Int((UInt32(value) << UInt32(32 - length)).bitReversed), length)
  }

  /// A literal or length symbol (section 3.2.6).
  @inline(__always) mutating func literal(_ symbol: Int) {
    switch symbol {
    case 0..<144: code(0x30 + symbol, 8)
    case 144..<256: code(0x190 + symbol - 144, 9)
    case 256..<280: code(symbol - 256, 7)
    default: code(0xC0 + symbol - 280, 8)
    }
  }

  /// A length of 3 to 258 and a distance of 1 to 32,768 (section 3.2.5).
  mutating func match(length: Int, distance: Int) {
    let rest = length - 3
    if length == 258 {
      literal(285)
    } else if rest < 8 {
      literal(257 + rest)
    } else {
      let top = Int.bitWidth - 1 - rest.leadingZeroBitCount
      literal(257 + 4 * (top - 1) + (rest >> (top - 2) & 3))
      put(rest & (1 << (top - 2) - 1), top - 2)
    }
    let far = distance - 1
    if far < 4 {
      code(far, 5)
    } else {
      let top = Int.bitWidth - 1 - far.leadingZeroBitCount
      code(2 * top + (far >> (top - 1) & 1), 5)
      put(far & (1 << (top - 1) - 1), top - 1)
    }
  }

  /// Fills the last byte; returns the bytes written.
  mutating func finish() -> Int {
    if bits > 0 { put(0, 8 - bits) }
    return count
  }
}

extension UInt32 {
  /// The bits in reverse order.
  fileprivate var bitReversed: UInt32 {
    var x = self
    x = (x >> 1) & 0x5555_5555 | (x & 0x5555_5555) << 1
    x = (x >> 2) & 0x3333_3333 | (x & 0x3333_3333) << 2
    x = (x >> 4) & 0x0F0F_0F0F | (x & 0x0F0F_0F0F) << 4
    return x.byteSwapped
  }
}
