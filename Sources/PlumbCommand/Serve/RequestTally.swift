// Counts each tenant's requests by family, and how many of them failed: the records that alert rules look at.
import Core
import Foundation
import Identity
import Ports

/// Which tenant the request at hand acts in, once that is known.
final class RequestTenant: @unchecked Sendable {
  @TaskLocal static var current: RequestTenant?
  private let lock = NSLock()
  private var stored: UID?
  private var person: UID?
  /// The person who calls, if there is one.
  var user: UID? {
    get { lock.withLock { person } }
    set { lock.withLock { person = newValue } }
  }
  var tenant: UID? {
    get { lock.withLock { stored } }
    set { lock.withLock { stored = newValue } }
  }
}

/// Notes the tenant of each caller for the tally.
struct TallyingIdentity: Authenticating {
  let inner: any Authenticating

  func authenticate(_ credential: Credential) async throws -> Caller {
    let caller = try await inner.authenticate(credential)
    RequestTenant.current?.tenant = caller.tenant
    RequestTenant.current?.user = caller.user
    return caller
  }
}

final class RequestTally: @unchecked Sendable {
  struct Key: Hashable {
    var tenant: UID
    var family: String
    var error: Bool
  }
  /// Keys kept between two takings.
  static let limit = 20_000

  private let lock = NSLock()
  private var counts: [Key: Int] = [:]
  private var seen: Set<UID> = []
  /// Persons whose day is recorded, and which day that was (from 1970).
  private var recorded: (day: Int, users: Set<UID>) = (0, [])

  func add(_ tenant: UID, user: UID?, family: String, status: Int) {
    if let user { lock.withLock { if seen.count < Self.limit { seen.insert(user) } } }
    let key = Key(tenant: tenant, family: family, error: status >= 500)
    lock.withLock { if counts.count < Self.limit || counts[key] != nil { counts[key, default: 0] += 1 } }
  }

  func take() -> [Key: Int] {
    lock.withLock {
      defer { counts = [:] }
      return counts
    }
  }

  /// Persons seen since the last taking who were not told of on this day yet.
  func takeUsers(day: Int) -> [UID] {
    lock.withLock {
      if recorded.day != day || recorded.users.count > Self.limit { recorded = (day, []) }
      defer {
        recorded.users.formUnion(seen)
        seen = []
      }
      return seen.subtracting(recorded.users).sorted()
    }
  }

  /// The first word of a path: `deploy` of `/deploy/api/apps`.
  static func family(of path: String) -> String {
    String(path.dropFirst().prefix { $0 != "/" }.prefix(32))
  }
}
