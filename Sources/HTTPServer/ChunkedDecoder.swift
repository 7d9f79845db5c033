// A chunked body (RFC 9112 section 7.1) decoded as it arrives. Extensions and trailers are checked, bounded and dropped.

struct ChunkedDecoder {
  private enum State {
    case size, sizeEnd
    case data, dataCR, dataLF
    case trailerStart, trailerName, trailerValue, trailerLF
    case lastLF, done
  }

  private let bodyLimit: Int
  private let limits: HTTPLimits
  private var state = State.size
  private var size = 0
  private var digits = 0
  private var isExtended = false
  private var lineBytes = 0
  private var extensionBytes = 0
  private var trailerBytes = 0

  init(bodyLimit: Int, limits: HTTPLimits) {
    self.bodyLimit = bodyLimit
    self.limits = limits
  }

  var isDone: Bool { state == .done }

  /// Takes bytes up to the body's end, appends their content to `body`, and returns how many it took.
  mutating func decode(_ bytes: UnsafeBufferPointer<UInt8>, into body: inout [UInt8]) throws(Refusal) -> Int {
    var at = 0
    while at < bytes.count, state != .done {
      if state == .data {
        let count = min(size, bytes.count - at)
        body.append(contentsOf: UnsafeBufferPointer(rebasing: bytes[at..<at + count]))
        at += count
        size -= count
        if size == 0 { state = .dataCR }
      } else {
        try step(bytes[at], received: body.count)
        at += 1
      }
    }
    return at
  }

  private mutating func step(_ byte: UInt8, received: Int) throws(Refusal) {
    switch state {
    case .size: try sizeLine(byte)
    case .sizeEnd:
      try expect(byte, 10)
      if size > bodyLimit - received { throw .bodyTooLarge(bodyLimit) }
      state = size == 0 ? .trailerStart : .data
    case .dataCR: try expect(byte, 13, then: .dataLF)
    case .dataLF:
      try expect(byte, 10, then: .size)
      digits = 0
      lineBytes = 0
      isExtended = false
    case .trailerStart:
      if byte == 13 {
        state = .lastLF
      } else {
        guard ByteClasses.token[Int(byte)] else { throw .bad("A trailer field is not a name, a colon and a value.") }
        state = .trailerName
        try trailer(byte)
      }
    case .trailerName, .trailerValue: try trailer(byte)
    case .trailerLF: try expect(byte, 10, then: .trailerStart)
    case .lastLF: try expect(byte, 10, then: .done)
    case .data, .done: break
    }
  }

  /// Hexadecimal digits, then perhaps `;` and extensions, then CR.
  private mutating func sizeLine(_ byte: UInt8) throws(Refusal) {
    lineBytes += 1
    guard lineBytes <= limits.chunkLine else { throw .bad("A chunk's first line is too long.") }
    if byte == 13 {
      guard digits > 0 else { throw .bad("A chunk has no size.") }
      state = .sizeEnd
    } else if isExtended {
      extensionBytes += 1
      guard ByteClasses.value[Int(byte)] else { throw .bad("A chunk extension holds a control character.") }
      guard extensionBytes <= limits.chunkExtensions else { throw .bad("The chunk extensions are too long.") }
    } else if let digit = PercentEncoding.digit(byte) {
      if digits == 0 { size = 0 }
      digits += 1
      size = size << 4 | Int(digit)
      if size > bodyLimit { throw .bodyTooLarge(bodyLimit) }
    } else if byte == UInt8(ascii: ";"), digits > 0 {
      isExtended = true
    } else {
      throw .bad("A chunk's size is not hexadecimal.")
    }
  }

  /// One byte of `name: value`, or the CR after it.
  private mutating func trailer(_ byte: UInt8) throws(Refusal) {
    trailerBytes += 1
    guard trailerBytes <= limits.trailers else { throw .headTooLarge }
    if state == .trailerName {
      if byte == UInt8(ascii: ":") {
        state = .trailerValue
      } else if !ByteClasses.token[Int(byte)] {
        throw .bad("A trailer field is not a name, a colon and a value.")
      }
    } else if byte == 13 {
      state = .trailerLF
    } else if !ByteClasses.value[Int(byte)] {
      throw .bad("A trailer value holds a control character.")
    }
  }

  private mutating func expect(_ byte: UInt8, _ wanted: UInt8, then next: State? = nil) throws(Refusal) {
    guard byte == wanted else { throw .bad("A chunk does not end in CR LF.") }
    if let next { state = next }
  }
}
