// A promise of the engine to a client.
import Core

/// A write that was acknowledged.
struct Acknowledged: Sendable {
  var tenant: UID
  var uid: UID
  var version: Int
  var spec: ObjectMap
}
