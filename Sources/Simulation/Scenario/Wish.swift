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
    /// The side pool is there, or is not. Refused while something forbids it: then it is given up.
    case pool(Bool)
    /// A spare server stands in the side pool, or in none. Given up when there is no such pool.
    case join(Bool)
    /// A commit of this number is pushed to the repository.
    case push(Int)
    /// The subscriber moves to this plan.
    case subscribe(Int)
  }
  /// After the start of the wishes.
  var at: Duration
  var action: Action
}
