// One thing that a client of a simulation wants.
import Core

struct Wish: Sendable {
  enum Action: Sendable {
    case create(replicas: Int, pooled: Bool)
    case scale(Int)
    case env(String)
    case run(Bool)
    case delete
    case cordon(Bool)
    case kill(index: Int)
    case letter
  }
  /// After the start of the wishes.
  var at: Duration
  var action: Action
}
