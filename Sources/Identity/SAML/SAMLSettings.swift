// One trusted identity provider of SAML logins, and ourselves as its service provider.
import Core

public struct SAMLSettings: Sendable, Hashable {
  /// Entity id of the identity provider.
  public var provider: String
  /// Where browsers are sent to sign in (HTTP-Redirect).
  public var loginURL: String
  /// The provider's signing certificate, PEM. The only key that is trusted: what a message brings along is not.
  public var certificate: String
  /// Our entity id.
  public var entity: String
  /// Our assertion consumer service.
  public var consumerURL: String
  /// Attributes that may hold the address, in order; the NameID is used where none does.
  public var emailAttributes: [String]

  public init(
    provider: String, loginURL: String, certificate: String, entity: String, consumerURL: String,
    emailAttributes: [String] = [
      "email", "mail", "urn:oid:0.9.2342.19200300.100.1.3", "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
    ]
  ) {
    self.provider = provider
    self.loginURL = loginURL
    self.certificate = certificate
    self.entity = entity
    self.consumerURL = consumerURL
    self.emailAttributes = emailAttributes
  }
}

/// Checks one XML signature with a maintained program.
public protocol XMLSignatureChecking: Sendable {
  /// Whether the signature directly within the element of this id is whole and made with the certificate's key.
  /// Throws Problem(.unavailable) when it cannot be checked.
  func isSigned(_ document: [UInt8], element: String, certificate: String) async throws -> Bool
}
