// A SAML login (service provider, Web Browser SSO): the request, the checked response, and no response twice.
import Core
import Crypto
import Ports

public struct SAMLLogin: Sendable {
  static let leeway = Duration.seconds(60)
  /// Base64 of a response.
  public static let responseLimit = 700 << 10

  let tokens: OneTimeTokens
  let store: any StorePort
  let signatures: any XMLSignatureChecking
  let clock: any Clock

  public init(tokens: OneTimeTokens, store: any StorePort, signatures: any XMLSignatureChecking, clock: any Clock) {
    self.tokens = tokens
    self.store = store
    self.signatures = signatures
    self.clock = clock
  }

  /// Where to send the browser. The relay state comes back with the answer, and is good once.
  public func begin(_ settings: SAMLSettings) async throws -> String {
    let id = "_" + randomToken(length: 32)
    let relay = try await tokens.make(.federation, ["request": .string(id), "provider": .string(settings.provider)])
    let request = """
      <samlp:AuthnRequest xmlns:samlp="\(SAMLResponse.protocolSpace)" xmlns:saml="\(SAMLResponse.assertionSpace)" ID="\(id)" \
      Version="2.0" IssueInstant="\(Timestamp(seconds: clock.now().seconds.rounded(.down)))" \
      Destination="\(Self.escaped(settings.loginURL))" \
      AssertionConsumerServiceURL="\(Self.escaped(settings.consumerURL))" \
      ProtocolBinding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"><saml:Issuer>\(Self.escaped(settings.entity))</saml:Issuer>\
      </samlp:AuthnRequest>
      """
    let query = FormText.encode([("SAMLRequest", Base64.encode(Self.deflated(Array(request.utf8)))), ("RelayState", relay)])
    return settings.loginURL + (settings.loginURL.contains("?") ? "&" : "?") + query
  }

  /// Checks what the browser brought. Throws Problem: `bad_state` (invalid), `bad_saml`, `bad_xml`.
  public func finish(_ settings: SAMLSettings, response text: String, relay: String) async throws -> FederatedPerson {
    guard let kept = try await tokens.take(.federation, relay), kept["provider"].string == settings.provider,
      let request = kept["request"].string
    else { throw Problem(.invalid, code: "bad_state", "This login was not begun here, or is over.", fix: "Begin again.") }
    let plain = text.filter { !$0.isWhitespace }
    guard text.utf8.count <= Self.responseLimit, let bytes = Base64.decode(plain) else {
      throw SAMLResponse.bad("it is not base64, or too long")
    }
    let response = try SAMLResponse(bytes)
    guard try await signatures.isSigned(bytes, element: response.signed, certificate: settings.certificate) else {
      throw SAMLResponse.bad("its signature does not hold")
    }
    let now = clock.now()
    let person = try response.person(settings, request: request, now: now, leeway: Self.leeway)
    // One assertion signs in once, at whichever replica.
    let key = "identity/saml/" + Digest.sha256Hex(Array((settings.provider + "\0" + (response.assertion["ID"] ?? "")).utf8))
    let isFirst = try await store.putValue(
      tenant: .rootTenant, key: key, true, expecting: .some(nil), expires: person.expires + Self.leeway + Self.leeway)
    guard isFirst else { throw SAMLResponse.bad("it was used before") }
    return FederatedPerson(
      provider: settings.provider, subject: person.subject, email: person.email, emailVerified: true, name: person.name)
  }

  /// What an identity provider's administrator imports.
  public static func metadata(_ settings: SAMLSettings) -> String {
    """
    <?xml version="1.0" encoding="UTF-8"?>
    <md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="\(escaped(settings.entity))">
      <md:SPSSODescriptor AuthnRequestsSigned="false" WantAssertionsSigned="true" protocolSupportEnumeration="\(SAMLResponse.protocolSpace)">
        <md:NameIDFormat>urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress</md:NameIDFormat>
        <md:AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="\(escaped(settings.consumerURL))" index="0" isDefault="true"/>
      </md:SPSSODescriptor>
    </md:EntityDescriptor>

    """
  }

  /// DEFLATE (RFC 1951) in stored blocks: the binding asks for the form, not for smallness.
  static func deflated(_ bytes: [UInt8]) -> [UInt8] {
    let most = 65_535
    var out: [UInt8] = []
    var at = 0
    repeat {
      let count = min(most, bytes.count - at)
      out.append(at + count == bytes.count ? 1 : 0)
      out += [UInt8(count & 255), UInt8(count >> 8), UInt8(~count & 255), UInt8((~count >> 8) & 255)]
      out += bytes[at..<at + count]
      at += count
    } while at < bytes.count
    return out
  }

  private static func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;").replacing("\"", with: "&quot;")
  }
}
