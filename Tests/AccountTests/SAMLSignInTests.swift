// SAML from end to end: a tenant's provider is declared, browsers go there and come back, and whatever was tampered with is refused.
import Core
import Crypto
import Foundation
import TestSupport
import XCTest

final class SAMLSignInTests: XCTestCase {
  private static let signature = """
    <ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:SignedInfo>\
    <ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>\
    <ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"/><ds:Reference URI="#_a1"><ds:Transforms>\
    <ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/>\
    <ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/></ds:Transforms>\
    <ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><ds:DigestValue/></ds:Reference></ds:SignedInfo>\
    <ds:SignatureValue/><ds:KeyInfo><ds:X509Data/></ds:KeyInfo></ds:Signature>
    """

  private struct Scene {
    let trial: Trial
    let provider: StandInIdentityProvider
    let tenant: String
    var path: String { "/trial/\(tenant)/customers/saml/okta" }
    var consumer: String { trial.base + path + "/acs" }
  }

  private func scene() async throws -> Scene {
    let trial = try Trial.shared.get()
    let provider = try await StandInIdentityProvider()
    let tenant = try trial.makeTenant()
    let lines = provider.certificate.split(separator: "\n").map { "    \($0)" }.joined(separator: "\n")
    try trial.apply(
      """
      apiVersion: platform/v1
      kind: SAMLProvider
      metadata: {name: okta}
      spec:
        entity: https://idp.example.com
        loginUrl: https://idp.example.com/sso
        certificate: |
      \(lines)
      """, tenant: tenant)
    return Scene(trial: trial, provider: provider, tenant: tenant)
  }

  /// A browser leaves: the id of the request, and the relay state.
  private func leave(_ scene: Scene) throws -> (request: String, relay: String) {
    let answer = try scene.trial.send("GET", scene.path + "/start")
    XCTAssertEqual(answer.status, 302, answer.description)
    let url = try XCTUnwrap(answer.header("Location"))
    XCTAssertTrue(url.hasPrefix("https://idp.example.com/sso?SAMLRequest="), url)
    let items = URLComponents(string: url)?.queryItems ?? []
    // One stored block: its head has five bytes.
    let packed = Base64.decode(items.first { $0.name == "SAMLRequest" }?.value ?? "") ?? []
    let xml = String(decoding: packed.dropFirst(5), as: UTF8.self)
    XCTAssertTrue(xml.contains(scene.consumer), xml)
    return (try XCTUnwrap(Trial.first(" ID=\"([^\"]+)\"", in: xml)), items.first { $0.name == "RelayState" }?.value ?? "")
  }

  private func time(_ seconds: Double) -> String {
    Timestamp(seconds: (Date().timeIntervalSince1970 + seconds).rounded(.down)).description
  }

  private func document(
    _ scene: Scene, _ request: String, email: String, audience: String? = nil, until: Double = 300, signs: Bool = true
  ) async throws -> String {
    let assertion = """
      <saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_a1" Version="2.0" IssueInstant="\(time(0))">\
      <saml:Issuer>https://idp.example.com</saml:Issuer>\(Self.signature)<saml:Subject><saml:NameID>\(email)</saml:NameID>\
      <saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData \
      Recipient="\(scene.consumer)" NotOnOrAfter="\(time(until))" InResponseTo="\(request)"/></saml:SubjectConfirmation></saml:Subject>\
      <saml:Conditions NotBefore="\(time(-600))" NotOnOrAfter="\(time(until))"><saml:AudienceRestriction>\
      <saml:Audience>\(audience ?? scene.consumer)</saml:Audience></saml:AudienceRestriction></saml:Conditions>\
      <saml:AuthnStatement AuthnInstant="\(time(0))"/></saml:Assertion>
      """
    let whole = """
      <samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_r1" Version="2.0" IssueInstant="\(time(0))" \
      Destination="\(scene.consumer)" InResponseTo="\(request)"><samlp:Status><samlp:StatusCode \
      Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>\(assertion)</samlp:Response>
      """
    return signs ? try await scene.provider.sign(whole, element: "_a1") : whole
  }

  /// What the front end gets in the fragment.
  private func post(_ scene: Scene, _ document: String, relay: String) throws -> [String: String] {
    func escaped(_ text: String) -> String { text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? "" }
    let body = "SAMLResponse=\(escaped(Base64.encode(Array(document.utf8))))&RelayState=\(escaped(relay))"
    let answer = try scene.trial.http.send(
      CaseRequest(
        "POST", scene.path + "/acs", headers: [("Content-Type", "application/x-www-form-urlencoded")], body: Array(body.utf8)))
    XCTAssertEqual(answer.status, 303, answer.description)
    let location = try XCTUnwrap(answer.header("Location"))
    XCTAssertTrue(location.hasPrefix("\(Trial.front)/auth/callback#"), location)
    var members: [String: String] = [:]
    for pair in (location.components(separatedBy: "#").last ?? "").split(separator: "&") {
      let parts = pair.split(separator: "=", maxSplits: 1).map(String.init)
      members[parts[0]] = parts.last?.removingPercentEncoding
    }
    return members
  }

  func testASignedAssertionSignsACustomerOfTheTenantIn() async throws {
    let scene = try await scene()
    defer { scene.provider.remove() }
    let email = "saml-\(scene.trial.mark())@example.com"
    let leaving = try leave(scene)
    let answer = try await document(scene, leaving.request, email: email)
    let members = try post(scene, answer, relay: leaving.relay)
    let access = try XCTUnwrap(members["access_token"], "\(members)")
    let me = try scene.trial.call("GET", "/trial/customers/me", token: access, 200)
    XCTAssertEqual(me["user"]["email"].string, email)
    XCTAssertEqual(me["user"]["authMethods"], [["provider": "saml:okta"]])
    try scene.trial.call("GET", "\(Trial.deploy)/auth/me", token: access, 401)
    XCTAssertEqual(try post(scene, answer, relay: leaving.relay)["error"], "bad_state", "the whole answer again")
    let second = try leave(scene)
    XCTAssertEqual(try post(scene, answer, relay: second.relay)["error"], "bad_saml", "the answer to another request")
    let metadata = try scene.trial.send("GET", scene.path + "/metadata")
    XCTAssertEqual(metadata.status, 200)
    XCTAssertTrue(metadata.text.contains("Location=\"\(scene.consumer)\""), metadata.text)
  }

  func testTamperedAnswersAreRefused() async throws {
    let scene = try await scene()
    defer { scene.provider.remove() }
    let email = "victim-\(scene.trial.mark())@example.com"
    func attempt(_ name: String, _ make: (String) async throws -> String) async throws {
      let leaving = try leave(scene)
      let members = try post(scene, try await make(leaving.request), relay: leaving.relay)
      XCTAssertNil(members["access_token"], name)
      XCTAssertTrue(["bad_saml", "bad_xml"].contains(members["error"] ?? ""), "\(name): \(members)")
    }
    try await attempt("another address under the signature") {
      try await document(scene, $0, email: "mallory@example.com").replacingOccurrences(of: "mallory@example.com", with: email)
    }
    try await attempt("no signature") { try await document(scene, $0, email: email, signs: false) }
    try await attempt("signed for somebody else") {
      try await document(scene, $0, email: email, audience: "https://other.example.com")
    }
    try await attempt("expired") { try await document(scene, $0, email: email, until: -300) }
    try await attempt("wrapped: a second assertion before the signed one") { request in
      let signed = try await document(scene, request, email: "mallory@example.com")
      let evil = signed.components(separatedBy: "</samlp:Status>")[1].components(separatedBy: "</samlp:Response>")[0]
        .replacingOccurrences(of: "_a1", with: "_a2").replacingOccurrences(of: "mallory@example.com", with: email)
      return signed.replacingOccurrences(of: "</samlp:Status>", with: "</samlp:Status>\(evil)")
    }
    let other = try await StandInIdentityProvider()
    defer { other.remove() }
    try await attempt("another provider's key") {
      try await other.sign(try await document(scene, $0, email: email, signs: false), element: "_a1")
    }
    try await attempt("no XML") { _ in "hello" }
    let leaving = try leave(scene)
    let good = try await document(scene, leaving.request, email: email)
    XCTAssertEqual(try post(scene, good, relay: "another")["error"], "bad_state")
    // A tenant's provider is unknown in every other tenant.
    let stranger = try scene.trial.makeTenant()
    try scene.trial.call("GET", "/trial/\(stranger)/customers/saml/okta/start", nil, 404)
  }
}
