// How surprising it is that so many values in a row are missing, when single ones are missing anyway.
import Foundation

enum MissingRun {
  /// Gaps count at most so many missing values for the rate of missing ones: another long gap must not hide this one.
  private static let mostPerGap = 2.0
  /// Values that are imagined to have come, so that a short session does not prove too much.
  private static let prior = 10.0

  /// 1 where `surprise` lies, and more for rarer runs. `steps` are the distances of neighbouring values; the run is in `steps[at]`.
  static func factor(_ steps: [Double], at place: Int, interval: Double, surprise: Double) -> Double {
    guard interval > 0, steps.count >= 4 else { return 0 }
    var missing = 0.5
    var slots = prior
    for (i, step) in steps.enumerated() where i != place {
      let lost = min(max((step / interval).rounded() - 1, 0), mostPerGap)
      missing += lost
      slots += 1 + lost
    }
    let run = max((steps[place] / interval).rounded() - 1, 0)
    let expected = log10(slots) + run * log10(min(missing / slots, 0.99))
    return max(0, expected / log10(surprise))
  }
}
