// How long ago, in the short form of tables: 12s, 4m, 3h, 2d.
import Core

enum Age {
  static func text(_ value: Value, now: Timestamp) -> String {
    guard let at = value.string.flatMap({ Timestamp($0) }) else { return "" }
    let seconds = Int((now - at).inSeconds)
    return switch seconds {
    case ..<0: "0s"
    case ..<120: "\(seconds)s"
    case ..<7200: "\(seconds / 60)m"
    case ..<172_800: "\(seconds / 3600)h"
    default: "\(seconds / 86_400)d"
    }
  }
}
