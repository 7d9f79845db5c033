// A SAML response: what of it may be believed, and by which signature. Pure: the signature's mathematics is the caller's.
import Core

/// Only the element that carries the signature, directly, is read further: nothing beside it can be wrapped around it.
struct SAMLResponse: Sendable {
  static let protocolSpace = "urn:oasis:names:tc:SAML:2.0:protocol"
  static let assertionSpace = "urn:oasis:names:tc:SAML:2.0:assertion"
  static let signatureSpace = "http://www.w3.org/2000/09/xmldsig#"
  private static let success = "urn:oasis:names:tc:SAML:2.0:status:Success"
  private static let bearer = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
  private static let transforms: Set<String> = [
    "http://www.w3.org/2000/09/xmldsig#enveloped-signature", "http://www.w3.org/2001/10/xml-exc-c14n#",
  ]
  private static let methods: Set<String> = [
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512",
    "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
  ]
  private static let digests: Set<String> = [
    "http://www.w3.org/2001/04/xmlenc#sha256", "http://www.w3.org/2001/04/xmlenc#sha512",
  ]

  let root: XMLElement
  let assertion: XMLElement
  /// Id of the element whose signature must hold: the assertion's, or the whole response's.
  let signed: String

  /// Checks the shape. Throws Problem `bad_saml` or `bad_xml`.
  init(_ bytes: [UInt8]) throws {
    root = try StrictXML.read(bytes)
    guard root.isNamed("Response", in: Self.protocolSpace), root["Version"] == "2.0" else {
      throw Self.bad("it is no SAML 2.0 response")
    }
    let all = root.everything()
    guard !all.contains(where: { $0.isNamed("EncryptedAssertion", in: Self.assertionSpace) }) else {
      throw Self.bad("encrypted assertions are not accepted")
    }
    let assertions = all.filter { $0.isNamed("Assertion", in: Self.assertionSpace) }
    guard assertions.count == 1, let assertion = root.only("Assertion", in: Self.assertionSpace) else {
      throw Self.bad("it must hold exactly one assertion, directly in the response")
    }
    self.assertion = assertion
    // Whatever a signature may point at is there once.
    var ids: Set<String> = []
    for element in all {
      for attribute in element.attributes where attribute.name.lowercased() == "id" {
        guard !attribute.value.isEmpty, ids.insert(attribute.value).inserted else { throw Self.bad("an id stands twice") }
      }
    }
    let signatures = all.filter { $0.isNamed("Signature", in: Self.signatureSpace) }
    let owners = [assertion, root].filter { $0.only("Signature", in: Self.signatureSpace) != nil }
    guard let owner = owners.first, signatures.count == owners.count else {
      throw Self.bad("it is not signed, or a signature stands where none belongs")
    }
    for owner in owners { try Self.checkSignature(of: owner) }
    signed = owner["ID"] ?? ""
  }

  /// One reference, to the very element that holds the signature, by algorithms of today.
  private static func checkSignature(of owner: XMLElement) throws {
    guard let id = owner["ID"], let signature = owner.only("Signature", in: signatureSpace),
      let place = owner.children.firstIndex(where: { $0.isNamed("Signature", in: signatureSpace) }), place <= 1,
      let info = signature.only("SignedInfo", in: signatureSpace), let reference = info.only("Reference", in: signatureSpace),
      reference["URI"] == "#" + id
    else { throw bad("a signature does not belong to the element around it") }
    guard let canon = info.only("CanonicalizationMethod", in: signatureSpace)?["Algorithm"], transforms.contains(canon),
      let method = info.only("SignatureMethod", in: signatureSpace)?["Algorithm"], methods.contains(method),
      let digest = reference.only("DigestMethod", in: signatureSpace)?["Algorithm"], digests.contains(digest),
      let steps = reference.only("Transforms", in: signatureSpace)?.children, steps.count <= 2,
      steps.allSatisfy({ $0.name == "Transform" && transforms.contains($0["Algorithm"] ?? "") }),
      !signature.everything().contains(where: { $0.name == "Object" || $0.name == "Manifest" })
    else { throw bad("a signature uses an algorithm or a form that is not accepted") }
  }

  /// Who signed in, once the signature holds.
  func person(_ settings: SAMLSettings, request: String?, now: Timestamp, leeway: Duration) throws -> (
    subject: String, email: String, name: String?, expires: Timestamp
  ) {
    let protocolSpace = Self.protocolSpace
    let space = Self.assertionSpace
    let status = root.only("Status", in: protocolSpace)?.only("StatusCode", in: protocolSpace)?["Value"]
    guard status == Self.success else { throw Self.bad("the provider refused the login") }
    if let destination = root["Destination"], destination != settings.consumerURL {
      throw Self.bad("it is meant for another place")
    }
    if let issuer = root.only("Issuer", in: space), issuer.trimmed != settings.provider {
      throw Self.bad("it comes from another provider")
    }
    guard root["InResponseTo"] == request else { throw Self.bad("it answers another request") }
    guard assertion["Version"] == "2.0", assertion.only("Issuer", in: space)?.trimmed == settings.provider else {
      throw Self.bad("the assertion comes from another provider")
    }
    guard let subject = assertion.only("Subject", in: space), let name = subject.only("NameID", in: space)?.trimmed,
      !name.isEmpty,
      name.utf8.count <= 255
    else { throw Self.bad("it names nobody") }
    let confirmed = subject.all("SubjectConfirmation", in: space).compactMap { confirmation -> Timestamp? in
      guard confirmation["Method"] == Self.bearer, let data = confirmation.only("SubjectConfirmationData", in: space),
        data["Recipient"] == settings.consumerURL, data["InResponseTo"] == request, data["NotBefore"] == nil,
        let end = data["NotOnOrAfter"].flatMap({ Timestamp($0) }), now < end + leeway
      else { return nil }
      return end
    }
    guard let expires = confirmed.max() else { throw Self.bad("it has expired, or is meant for another place") }
    guard let conditions = assertion.only("Conditions", in: space) else { throw Self.bad("it has no conditions") }
    if let start = conditions["NotBefore"] {
      guard let start = Timestamp(start), start <= now + leeway else { throw Self.bad("it is not valid yet") }
    }
    if let end = conditions["NotOnOrAfter"] {
      guard let end = Timestamp(end), now < end + leeway else { throw Self.bad("it has expired") }
    }
    let restrictions = conditions.all("AudienceRestriction", in: space)
    guard !restrictions.isEmpty,
      restrictions.allSatisfy({ $0.all("Audience", in: space).contains { $0.trimmed == settings.entity } })
    else { throw Self.bad("it is meant for somebody else") }
    guard !assertion.all("AuthnStatement", in: space).isEmpty else { throw Self.bad("it does not say that anybody signed in") }
    let attributes = assertion.all("AttributeStatement", in: space).flatMap { $0.all("Attribute", in: space) }
    func attribute(_ names: [String]) -> String? {
      names.lazy.compactMap { wanted in
        attributes.first { $0["Name"] == wanted }?.all("AttributeValue", in: space).first?.trimmed
      }.first { !$0.isEmpty }
    }
    guard let email = attribute(settings.emailAttributes) ?? (name.contains("@") ? name : nil), email.utf8.count <= 254 else {
      throw Self.bad("it tells no address")
    }
    return (name, email, attribute(["displayName", "name", "urn:oid:2.16.840.1.113730.3.1.241"]), expires)
  }

  static func bad(_ what: String) -> Problem {
    Problem(.unauthenticated, code: "bad_saml", "The provider's answer is refused: \(what).")
  }
}
