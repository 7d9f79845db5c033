// What of an app's processes is not as it was made, though nobody asked for a change.
import Core
import Kinds

extension AppRollout {
  /// Copies that were up and are not, though nothing that they are started from has changed.
  mutating func seeDrift() {
    guard input.status["revision"].string == settings.revision, input.replies.isEmpty else { return }
    let wasUp = input.conditions.contains { $0.type == "Ready" && ($0.truth == .yes || $0.reason == "Drifted") }
    guard wasUp else { return }
    for index in 0..<settings.replicas {
      let fact = facts[index]
      if fact == nil || fact?.state == .exited {
        drift.append("replica \(index) is not running" + (fact.map { ": it \($0.ending)" } ?? ""))
      }
    }
    for fact in running() where fact.index >= settings.replicas { drift.append("replica \(fact.index) runs, and should not") }
  }
}
