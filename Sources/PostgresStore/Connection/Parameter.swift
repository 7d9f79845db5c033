// Statement parameters: single values in PostgreSQL's text form, arrays in its binary form (see ArrayColumn).
import Core

/// One encoded parameter; nil bytes are NULL. Types are given by casts in the statement.
struct Parameter: Sendable {
  var bytes: [UInt8]?
  var isBinary = false

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
    var array = ArrayColumn(.uuid)
    for uid in uids { array.add(uid) }
    return array.parameter
  }
  /// Always `bigint[]`; PostgreSQL narrows the elements where they are stored.
  static func ints(_ numbers: some Sequence<Int>) -> Parameter {
    var array = ArrayColumn(.bigint)
    for number in numbers { array.add(number) }
    return array.parameter
  }
  static func jsons(_ values: some Sequence<Value>) -> Parameter {
    var array = ArrayColumn(.jsonb)
    for value in values { array.add(value) }
    return array.parameter
  }
  static func texts(_ texts: some Sequence<String>) -> Parameter {
    var array = ArrayColumn(.text)
    for text in texts { array.add(text) }
    return array.parameter
  }
}
