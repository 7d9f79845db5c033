// Statistics that a few wild values cannot move.

enum Robust {
  /// Turns a median absolute deviation into the standard deviation of a normal distribution.
  static let madScale = 1.4826

  /// The middle value, the mean of the two middle ones for an even count; nil for none.
  static func median(_ values: [Double]) -> Double? {
    guard !values.isEmpty else { return nil }
    let sorted = values.sorted()
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }

  /// The value that the share `q` of all values does not exceed.
  static func quantile(_ values: [Double], _ q: Double) -> Double? {
    guard !values.isEmpty else { return nil }
    let sorted = values.sorted()
    let place = q * Double(sorted.count - 1)
    let low = Int(place.rounded(.down))
    let high = min(low + 1, sorted.count - 1)
    return sorted[low] + (sorted[high] - sorted[low]) * (place - Double(low))
  }

  /// The scaled median absolute deviation around `center`; 0 for none.
  static func deviation(_ values: [Double], around center: Double) -> Double {
    madScale * (median(values.map { abs($0 - center) }) ?? 0)
  }

  /// The noise of a smooth curve sampled at regular times: from what each value differs from the middle of its neighbours.
  static func noise(_ values: [Double]) -> Double {
    guard values.count >= 5 else { return 0 }
    var residuals: [Double] = []
    residuals.reserveCapacity(values.count - 2)
    for i in 1..<(values.count - 1) { residuals.append(values[i] - (values[i - 1] + values[i + 1]) / 2) }
    // The variance of such a residual is 1.5 times that of the noise.
    return deviation(residuals, around: 0) / 1.224_744_871_391_589
  }

  /// The step that nearly all values are multiples of, from 1 down to 0.0001; 0 when there is none.
  static func quantum(_ values: [Double]) -> Double {
    guard values.count >= 3 else { return 0 }
    for step in steps {
      let misses = values.reduce(0) { count, value in
        let parts = value / step
        return count + (abs(parts - parts.rounded()) > 1e-6 * max(1, abs(parts)) ? 1 : 0)
      }
      // An anomaly leaves the grid with a few values only.
      if misses * 10 <= values.count { return step }
    }
    return 0
  }

  private static let steps = [1, 0.5, 0.1, 0.05, 0.01, 0.001, 0.0001]
}
