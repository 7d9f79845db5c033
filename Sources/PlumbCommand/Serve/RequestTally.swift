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

  func add(_ tenant: UID, family: String, status: Int) {
    let key = Key(tenant: tenant, family: family, error: status >= 500)
    lock.withLock { if counts.count < Self.limit || counts[key] != nil { counts[key, default: 0] += 1 } }
  }

  func take() -> [Key: Int] {
    lock.withLock {
      defer { counts = [:] }
      return counts
    }
  }

  /// The first word of a path: `deploy` of `/deploy/api/apps`.
  static func family(of path: String) -> String {
    String(path.dropFirst().prefix { $0 != "/" }.prefix(32))
  }
}
