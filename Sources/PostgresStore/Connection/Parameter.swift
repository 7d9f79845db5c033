// Statement parameters in PostgreSQL's text form, and arrays of them written without detours.
import Core

/// One parameter, already in text form; nil bytes are NULL. Types are given by casts in the statement.
struct Parameter: Sendable {
  var bytes: [UInt8]?

  static let null = Parameter(bytes: nil)
  static func text(_ text: String) -> Parameter { Parameter(bytes: Array(text.utf8)) }
  static func optional(_ text: String?) -> Parameter { Parameter(bytes: text.map { Array($0.utf8) }) }
  static func int(_ number: Int) -> Parameter {
    var out: [UInt8] = []
    JSON.write(number, to: &out)
    return Parameter(bytes: out)
  }
  static func bool(_ flag: Bool) -> Parameter { Parameter(bytes: [flag ? UInt8(ascii: "t") : UInt8(ascii: "f")]) }
  static func uid(_ uid: UID) -> Parameter { .text(uid.description) }
  static func time(_ time: Timestamp) -> Parameter {
    var out: [UInt8] = []
    TimeText.write(time, to: &out)
    return Parameter(bytes: out)
  }
  static func optional(_ time: Timestamp?) -> Parameter { time.map { .time($0) } ?? .null }
  static func json(_ value: Value) -> Parameter { Parameter(bytes: JSON.write(value)) }

  static func uids(_ uids: some Sequence<UID>) -> Parameter {
    var array = ArrayText()
    for uid in uids { array.add(uid) }
    return array.parameter
  }
  static func ints(_ numbers: some Sequence<Int>) -> Parameter {
    var array = ArrayText()
    for number in numbers { array.add(number) }
    return array.parameter
  }
  static func texts(_ texts: some Sequence<String>) -> Parameter {
    var array = ArrayText()
    for text in texts { array.add(text) }
    return array.parameter
  }
}

/// A PostgreSQL array literal that grows by one element at a time.
struct ArrayText {
  private var out: [UInt8] = [UInt8(ascii: "{")]
  /// False while every element was null: the whole array can then be passed as NULL.
  private(set) var hasValues = false
  private(set) var count = 0

  init(capacity: Int = 0) { out.reserveCapacity(capacity) }

  var parameter: Parameter {
    var closed = out
    closed.append(UInt8(ascii: "}"))
    return Parameter(bytes: closed)
  }
  /// NULL when no element has a value: `unnest` then gives nulls all the way down.
  var parameterOrNull: Parameter { hasValues ? parameter : .null }

  private mutating func next() {
    if count > 0 { out.append(UInt8(ascii: ",")) }
    count += 1
  }

  mutating func addNull() {
    next()
    out.append(contentsOf: "NULL".utf8)
  }
  mutating func add(_ uid: UID) {
    next()
    hasValues = true
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 36) { text in
      var at = 0
      for digit in 0..<32 {
        if digit == 8 || digit == 12 || digit == 16 || digit == 20 {
          text[at] = UInt8(ascii: "-")
          at += 1
        }
        let word = digit < 16 ? uid.high : uid.low
        let nibble = UInt8(truncatingIfNeeded: word >> UInt64(60 - 4 * (digit & 15))) & 15
        text[at] = nibble < 10 ? 48 + nibble : 87 + nibble
        at += 1
      }
      out.append(contentsOf: UnsafeBufferPointer(rebasing: text[0..<36]))
    }
  }
  mutating func add(_ number: Int) {
    next()
    hasValues = true
    JSON.write(number, to: &out)
  }
  mutating func add(_ flag: Bool) {
    next()
    hasValues = true
    out.append(flag ? UInt8(ascii: "t") : UInt8(ascii: "f"))
  }
  mutating func add(_ number: Double) { add("\(number)") }
  mutating func add(_ time: Timestamp?) {
    guard let time else { return addNull() }
    next()
    hasValues = true
    out.append(UInt8(ascii: "\""))
    TimeText.write(time, to: &out)
    out.append(UInt8(ascii: "\""))
  }
  mutating func add(_ text: String?) {
    guard var text else { return addNull() }
    text.withUTF8 { add(quoting: $0) }
  }
  /// Bytes as `bytea`.
  mutating func add(binary: [UInt8]) {
    var hex = Array("\\x".utf8)
    for byte in binary {
      for nibble in [byte >> 4, byte & 15] { hex.append(nibble < 10 ? 48 + nibble : 87 + nibble) }
    }
    hex.withUnsafeBufferPointer { add(quoting: $0) }
  }
  mutating func add(_ value: Value, scratch: inout [UInt8]) {
    scratch.removeAll(keepingCapacity: true)
    JSON.write(value, to: &scratch)
    scratch.withUnsafeBufferPointer { add(quoting: $0) }
  }
  mutating func add(json text: [UInt8]) { text.withUnsafeBufferPointer { add(quoting: $0) } }

  private mutating func add(quoting text: UnsafeBufferPointer<UInt8>) {
    next()
    hasValues = true
    out.append(UInt8(ascii: "\""))
    var start = 0
    for at in text.indices where text[at] == UInt8(ascii: "\"") || text[at] == UInt8(ascii: "\\") {
      out.append(contentsOf: UnsafeBufferPointer(rebasing: text[start..<at]))
      out.append(UInt8(ascii: "\\"))
      start = at
    }
    out.append(contentsOf: UnsafeBufferPointer(rebasing: text[start...]))
    out.append(UInt8(ascii: "\""))
  }
}

/// `2026-01-31 12:00:00.000001+00`, written without making strings.
enum TimeText {
  static func write(_ time: Timestamp, to out: inout [UInt8]) {
    let day = 86_400_000_000
    let days = time.microseconds >= 0 ? time.microseconds / day : (time.microseconds - day + 1) / day
    let rest = time.microseconds - days * day
    let (year, month, date) = Timestamp.civil(days)
    let second = rest / 1_000_000
    func put(_ number: Int, _ width: Int) {
      var scale = 1
      for _ in 1..<width { scale *= 10 }
      while scale > 0 {
        out.append(48 + UInt8(number / scale % 10))
        scale /= 10
      }
    }
    put(year, 4)
    out.append(45)
    put(month, 2)
    out.append(45)
    put(date, 2)
    out.append(32)
    put(second / 3600, 2)
    out.append(58)
    put(second / 60 % 60, 2)
    out.append(58)
    put(second % 60, 2)
    out.append(46)
    put(rest % 1_000_000, 6)
    out.append(contentsOf: "+00".utf8)
  }
}
