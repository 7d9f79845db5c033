// Points of a series as plain values, for observations: `[µs, channel, value, mark]` each.
import Core
import Ports

enum PointCoding {
  static func value(_ points: [SeriesPoint]) -> Value {
    .list(points.map { [.int($0.at.microseconds), .int($0.channel), .double($0.value), .bool($0.mark)] })
  }

  static func points(_ value: Value) -> [SeriesPoint] {
    (value.list ?? []).compactMap { point in
      guard let parts = point.list, parts.count == 4, let at = parts[0].int, let channel = parts[1].int,
        let number = parts[2].double
      else {
        return nil
      }
      return SeriesPoint(at: Timestamp(microseconds: at), channel: channel, value: number, mark: parts[3].bool ?? false)
    }
  }
}
