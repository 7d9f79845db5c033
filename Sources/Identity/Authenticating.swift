// The seam between the views and the Identity module.
import Core
import Ports

/// A credential as it came in.
public struct Credential: Sendable, Hashable {
  /// Bearer token, or the value of a scheme's header.
  public var token: String
  /// A tenant named by the request (`X-Tenant-ID`, `?tenant=`): uid or name.
  public var tenant: String?
  public var remoteAddress: String
  /// Account systems whose sessions are taken; nil: any.
  public var realms: [String]?
  public init(token: String, tenant: String?, remoteAddress: String, realms: [String]? = nil) {
    self.realms = realms
    self.token = token
    self.tenant = tenant
    self.remoteAddress = remoteAddress
  }
}

public protocol Authenticating: Sendable {
  /// The caller behind a credential. Throws Problem(.unauthenticated) for an unknown, revoked or expired one, and
  /// Problem(.missing or .denied) for a tenant it may not act in. Answers from memory within the freshness bound (one second).
  func authenticate(_ credential: Credential) async throws -> Caller
}
