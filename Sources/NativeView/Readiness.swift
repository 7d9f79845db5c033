// Whether an object is as it should be, and if not, why.
import Core
import Kinds
import Ports

enum Readiness {
  /// A kind without a controller is as it should be once it is stored; a run when it has succeeded.
  static func isReady(_ object: StoredObject, _ kind: KindSpec?) -> Bool {
    if object.deleting != nil { return false }
    if let kind, kind.controller == nil, kind.storage != .run { return true }
    return object.isReady
  }

  /// A word and a sentence for an object that is not ready.
  static func reason(_ object: StoredObject) -> (reason: String, message: String, since: Timestamp?) {
    let condition = object.conditions.first { $0.type == "Ready" }
    if object.deleting != nil {
      let waits = condition.map { $0.message } ?? ""
      return ("Deleting", waits.isEmpty ? "It is being taken down." : waits, object.deleting)
    }
    guard let condition else { return ("Waiting", "Its controller has not looked at it yet.", nil) }
    if condition.truth == .yes, object.observedGeneration < object.generation {
      return ("Progressing", "Its last change has not been looked at yet.", object.updated)
    }
    return (condition.reason, condition.message, condition.since)
  }
}
