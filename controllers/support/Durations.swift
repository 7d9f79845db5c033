// Durations as specs hold them: `5m`, or a number of seconds.
import Core

extension Value {
  /// Nil when this is no duration.
  var duration: Duration? {
    if let seconds = double { return .microseconds(Int(min(max(seconds, 0), 3e9) * 1e6)) }
    return string.flatMap { Duration(text: $0) }
  }

  var timestamp: Timestamp? { string.flatMap { Timestamp($0) } }
}
