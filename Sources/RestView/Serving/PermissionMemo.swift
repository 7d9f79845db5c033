// Remembers which callers may call which routes, so that a permission is computed once for as long as the caller stays the same.
import Core
import Foundation
import Identity
import Ports

final class PermissionMemo: @unchecked Sendable {
  private static let limit = 20_000

  private struct Key: Hashable {
    var route: Int
    var credential: UID
    var tenant: UID
  }
  private let lock = NSLock()
  private var answers: [Key: (caller: Caller, denied: Problem?)] = [:]

  private func key(_ route: Int, _ caller: Caller) -> Key? {
    (caller.key ?? caller.user).map { Key(route: route, credential: $0, tenant: caller.tenant) }
  }

  /// Nil when this caller, with exactly these rights, was not seen yet; else the refusal, or nil inside for none.
  func answer(route: Int, caller: Caller) -> Problem?? {
    guard let key = key(route, caller) else { return nil }
    return lock.withLock {
      guard let known = answers[key], known.caller == caller else { return nil }
      return .some(known.denied)
    }
  }

  func keep(_ denied: Problem?, route: Int, caller: Caller) {
    guard let key = key(route, caller) else { return }
    lock.withLock {
      if answers.count >= Self.limit { answers.removeAll(keepingCapacity: true) }
      answers[key] = (caller, denied)
    }
  }
}
