// What the handlers of accounts share: the kit, mail texts, and settings; filled in when the server is put together.
import Core
import Foundation
import Identity
import Ports

/// Handlers are listed before there is a store, so that specs can be checked: until `open` they have nothing to work with.
public final class AccountDesk: @unchecked Sendable {
  public struct Parts: Sendable {
    public var kit: IdentityKit
    public var templates: MailTemplates
    public var federation: any FederationHTTP
    public var providerKeys: ProviderKeys
    public var signatures: any XMLSignatureChecking
    /// An account's sessions changed here: what is remembered of them is void.
    public var forget: @Sendable (UID) -> Void
    /// Writes that no call asked for, in the name of a controller.
    public var write: @Sendable ([Intent]) async throws -> Void
    /// Where people reach this server, when nothing is configured.
    public var url: @Sendable () -> String

    public init(
      kit: IdentityKit, templates: MailTemplates, federation: any FederationHTTP, signatures: any XMLSignatureChecking,
      forget: @escaping @Sendable (UID) -> Void, write: @escaping @Sendable ([Intent]) async throws -> Void,
      url: @escaping @Sendable () -> String
    ) {
      self.kit = kit
      self.templates = templates
      self.federation = federation
      self.signatures = signatures
      providerKeys = ProviderKeys(http: federation, clock: kit.clock)
      self.forget = forget
      self.write = write
      self.url = url
    }
  }

  private let lock = NSLock()
  private var present: Parts?

  public init() {}

  public func open(_ parts: Parts) { lock.withLock { present = parts } }

  func parts() throws -> Parts {
    guard let parts = lock.withLock({ present }) else {
      throw Problem(.unavailable, code: "starting", "The server is starting.", fix: "Try again in a moment.")
    }
    return parts
  }
}
