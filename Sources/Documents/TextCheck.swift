// What must hold of a file's bytes before any parser sees them: size, UTF-8, no control characters.
import Core

enum TextCheck {
  /// nil when the bytes are text that can be parsed.
  static func problem(_ bytes: [UInt8], file: String, limits: DocumentLimits) -> Problem? {
    func refuse(_ message: String, at offset: Int = 0, fix: String) -> Problem {
      Problem(.invalid, code: "yaml", message, place: place(of: offset, in: bytes, file: file), fix: fix)
    }
    if bytes.count > limits.fileBytes {
      return Problem(
        .tooLarge, code: "too_large", "the file is too large: \(bytes.count) bytes, at most \(limits.fileBytes)",
        place: Place(file: file, line: 1, column: 1), fix: "Split it into several files.")
    }
    if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
      return refuse("the file is UTF-16", fix: "Save it as UTF-8.")
    }
    guard let fault = bytes.withUnsafeBufferPointer(firstFault) else { return nil }
    if fault.isNul {
      return refuse("the file holds NUL bytes: it is binary, not text", at: fault.offset, fix: "Name a text file in UTF-8.")
    }
    if fault.isControl {
      return refuse(
        "a control character stands here", at: fault.offset, fix: "Remove it, or write it as an escape such as \"\\e\".")
    }
    return refuse("the text is not valid UTF-8", at: fault.offset, fix: "Save the file as UTF-8.")
  }

  struct Fault {
    var offset: Int
    var isNul = false
    var isControl = false
  }

  /// The first byte that is no part of UTF-8 text, or that YAML does not allow.
  static func firstFault(_ bytes: UnsafeBufferPointer<UInt8>) -> Fault? {
    var at = 0
    let count = bytes.count
    func tail(_ offset: Int, _ low: UInt8 = 0x80, _ high: UInt8 = 0xBF) -> Bool {
      offset < count && bytes[offset] >= low && bytes[offset] <= high
    }
    while at < count {
      let c = bytes[at]
      switch c {
      case 32...126, 10, 13, 9: at += 1
      case 0: return Fault(offset: at, isNul: true)
      case 0..<32, 127: return Fault(offset: at, isControl: true)
      case 0xC2...0xDF:
        guard tail(at + 1) else { return Fault(offset: at) }
        // C1 controls, all but the line break NEL.
        if c == 0xC2, bytes[at + 1] < 0xA0, bytes[at + 1] != 0x85 { return Fault(offset: at, isControl: true) }
        at += 2
      case 0xE0...0xEF:
        guard tail(at + 1, c == 0xE0 ? 0xA0 : 0x80, c == 0xED ? 0x9F : 0xBF), tail(at + 2) else { return Fault(offset: at) }
        at += 3
      case 0xF0...0xF4:
        guard tail(at + 1, c == 0xF0 ? 0x90 : 0x80, c == 0xF4 ? 0x8F : 0xBF), tail(at + 2), tail(at + 3) else {
          return Fault(offset: at)
        }
        at += 4
      default: return Fault(offset: at)
      }
    }
    return nil
  }

  /// Line and column (in characters) of a byte.
  static func place(of offset: Int, in bytes: [UInt8], file: String) -> Place {
    var line = 1
    var column = 1
    for byte in bytes[..<min(offset, bytes.count)] {
      if byte == 10 {
        line += 1
        column = 1
      } else if byte & 0xC0 != 0x80 {
        column += 1
      }
    }
    return Place(file: file, line: line, column: column)
  }
}
