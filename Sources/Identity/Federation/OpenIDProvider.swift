// A provider of OpenID Connect logins, as configured.
import Core

public struct OpenIDProvider: Sendable, Hashable {
  /// `google`
  public var name: String
  /// All spellings of `iss` that its tokens carry.
  public var issuers: [String]
  public var authorizationURL: String
  public var tokenURL: String
  public var keysURL: String
  public var clientID: String
  public var clientSecret: String
  /// Where the provider sends the browser back to.
  public var redirectURL: String
  public var scopes: [String]

  public init(
    name: String, issuers: [String], authorizationURL: String, tokenURL: String, keysURL: String, clientID: String,
    clientSecret: String,
    redirectURL: String, scopes: [String] = ["openid", "email", "profile"]
  ) {
    self.name = name
    self.issuers = issuers
    self.authorizationURL = authorizationURL
    self.tokenURL = tokenURL
    self.keysURL = keysURL
    self.clientID = clientID
    self.clientSecret = clientSecret
    self.redirectURL = redirectURL
    self.scopes = scopes
  }

  /// Google, as it documents itself; `base` stands in for its hosts in tests.
  public static func google(clientID: String, clientSecret: String, redirectURL: String, base: String? = nil) -> OpenIDProvider {
    OpenIDProvider(
      name: "google", issuers: base.map { [$0] } ?? ["https://accounts.google.com", "accounts.google.com"],
      authorizationURL: base.map { $0 + "/o/oauth2/v2/auth" } ?? "https://accounts.google.com/o/oauth2/v2/auth",
      tokenURL: base.map { $0 + "/token" } ?? "https://oauth2.googleapis.com/token",
      keysURL: base.map { $0 + "/oauth2/v3/certs" } ?? "https://www.googleapis.com/oauth2/v3/certs", clientID: clientID,
      clientSecret: clientSecret, redirectURL: redirectURL)
  }
}

/// Who somebody is, according to a provider.
public struct FederatedPerson: Sendable, Hashable {
  public var provider: String
  /// The provider's own, lasting id of the person.
  public var subject: String
  public var email: String
  public var emailVerified: Bool
  public var name: String?
  public init(provider: String, subject: String, email: String, emailVerified: Bool, name: String?) {
    self.provider = provider
    self.subject = subject
    self.email = email
    self.emailVerified = emailVerified
    self.name = name
  }
}
