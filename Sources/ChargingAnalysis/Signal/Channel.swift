// One measured quantity of a session over time: what the detectors look at.

/// Values at strictly rising times. `times` are seconds since the session's first value.
struct Channel: Sendable {
  var times: [Double] = []
  var values: [Double] = []
  var reconstructed: [Bool] = []
  /// The usual distance of two values, in seconds; 0 below two values.
  private(set) var interval = 0.0
  /// The step of the meter's display.
  private(set) var quantum = 0.0

  var count: Int { times.count }
  var isEmpty: Bool { times.isEmpty }

  init() {}

  init(times: [Double], values: [Double], reconstructed: [Bool]) {
    self.times = times
    self.values = values
    self.reconstructed = reconstructed
    interval = Robust.median(zip(times.dropFirst(), times).map { $0 - $1 }) ?? 0
    quantum = Robust.quantum(values)
  }

  /// The last place whose time is not after `time`; nil when all are.
  func place(atOrBefore time: Double) -> Int? {
    var low = 0
    var high = times.count
    while low < high {
      let middle = (low + high) / 2
      if times[middle] <= time { low = middle + 1 } else { high = middle }
    }
    return low == 0 ? nil : low - 1
  }

  /// The value at a time, on the line between its neighbours; at the ends the nearest value. Nil when empty.
  func interpolated(at time: Double) -> Double? {
    guard !isEmpty else { return nil }
    guard let before = place(atOrBefore: time) else { return values[0] }
    guard before + 1 < count else { return values[before] }
    let share = (time - times[before]) / (times[before + 1] - times[before])
    return values[before] + (values[before + 1] - values[before]) * share
  }

  /// Without the values at these places.
  func without(_ places: Set<Int>) -> Channel {
    let kept = times.indices.filter { !places.contains($0) }
    return Channel(times: kept.map { times[$0] }, values: kept.map { values[$0] }, reconstructed: kept.map { reconstructed[$0] })
  }

  /// The share of values from `from` to `to` that nobody measured.
  func reconstructedShare(from: Double, to: Double) -> Double {
    var all = 0
    var made = 0
    for i in times.indices where times[i] >= from && times[i] <= to {
      all += 1
      if reconstructed[i] { made += 1 }
    }
    return all == 0 ? 0 : Double(made) / Double(all)
  }
}
