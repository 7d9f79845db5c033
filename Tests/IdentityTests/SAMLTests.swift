// SAML logins: responses signed by xmlsec1, and everything that attackers do to them.
import Core
import Crypto
import Foundation
import IdentityAdapters
import OutgoingHTTP
import TestSupport
import XCTest

@testable import Identity

final class SAMLTests: XCTestCase {
  private static let signature = """
    <ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:SignedInfo>\
    <ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>\
    <ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"/><ds:Reference URI="#ELEMENT"><ds:Transforms>\
    <ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/>\
    <ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/></ds:Transforms>\
    <ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><ds:DigestValue/></ds:Reference></ds:SignedInfo>\
    <ds:SignatureValue/><ds:KeyInfo><ds:X509Data/></ds:KeyInfo></ds:Signature>
    """

  private static func assertion(_ request: String, id: String = "_a1", email: String = "ada@example.com", signed: Bool = true)
    -> String
  {
    """
    <saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="\(id)" Version="2.0" IssueInstant="2026-03-01T12:00:00Z">\
    <saml:Issuer>https://idp.example.com</saml:Issuer>\(signed ? signature.replacing("ELEMENT", with: id) : "")<saml:Subject>\
    <saml:NameID>\(email)</saml:NameID><saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">\
    <saml:SubjectConfirmationData Recipient="https://plumb.example.com/acs" NotOnOrAfter="2026-03-01T12:05:00Z" InResponseTo="\(request)"/>\
    </saml:SubjectConfirmation></saml:Subject><saml:Conditions NotBefore="2026-03-01T11:59:00Z" NotOnOrAfter="2026-03-01T12:05:00Z">\
    <saml:AudienceRestriction><saml:Audience>https://plumb.example.com</saml:Audience></saml:AudienceRestriction></saml:Conditions>\
    <saml:AuthnStatement AuthnInstant="2026-03-01T12:00:00Z"/></saml:Assertion>
    """
  }

  private static func response(_ request: String, _ inside: String, head: String = "") -> String {
    """
    <samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_r1" Version="2.0" IssueInstant="2026-03-01T12:00:00Z" \
    Destination="https://plumb.example.com/acs" InResponseTo="\(request)">\(head)<samlp:Status><samlp:StatusCode \
    Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>\(inside)</samlp:Response>
    """
  }

  private struct Scene {
    let world: IdentityWorld
    let provider: StandInIdentityProvider
    let login: SAMLLogin
    let settings: SAMLSettings

    init() async throws {
      world = try IdentityWorld()
      provider = try await StandInIdentityProvider()
      login = SAMLLogin(tokens: world.tokens, store: world.store, signatures: XMLSecSignatures(), clock: world.clock)
      settings = SAMLSettings(
        provider: "https://idp.example.com", loginURL: "https://idp.example.com/sso", certificate: provider.certificate,
        entity: "https://plumb.example.com", consumerURL: "https://plumb.example.com/acs")
    }

    /// Begins a login, as the browser does: the id of the request, and the relay state.
    func begin() async throws -> (request: String, relay: String) {
      let url = try await login.begin(settings)
      let items = URLComponents(string: url)?.queryItems ?? []
      let packed = Base64.decode(items.first { $0.name == "SAMLRequest" }?.value ?? "") ?? []
      // One stored block: its head has five bytes.
      let xml = try StrictXML.read(Array(packed.dropFirst(5)))
      XCTAssertEqual(xml["AssertionConsumerServiceURL"], settings.consumerURL)
      return (xml["ID"] ?? "", items.first { $0.name == "RelayState" }?.value ?? "")
    }

    func finish(_ document: String, relay: String) async throws -> FederatedPerson {
      try await login.finish(settings, response: Base64.encode(Array(document.utf8)), relay: relay)
    }
  }

  func testASignedAssertionSignsInOnce() async throws {
    let scene = try await Scene()
    defer { scene.provider.remove() }
    let start = try await scene.begin()
    let good = try await scene.provider.sign(Self.response(start.request, Self.assertion(start.request)), element: "_a1")
    let person = try await scene.finish(good, relay: start.relay)
    XCTAssertEqual(person.email, "ada@example.com")
    let replay = await code { _ = try await scene.finish(good, relay: start.relay) }
    XCTAssertEqual(replay, "bad_state")
    // Even with a relay state of its own, and the request of the first: the assertion is used up.
    let relay = try await scene.world.tokens.make(
      .federation, ["request": .string(start.request), "provider": "https://idp.example.com"])
    let again = await code { _ = try await scene.finish(good, relay: relay) }
    XCTAssertEqual(again, "bad_saml")
  }

  func testASignedResponseSignsIn() async throws {
    let scene = try await Scene()
    defer { scene.provider.remove() }
    let start = try await scene.begin()
    let head = "<saml:Issuer xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">https://idp.example.com</saml:Issuer>"
    let document = Self.response(
      start.request, Self.assertion(start.request, signed: false), head: head + Self.signature.replacing("ELEMENT", with: "_r1"))
    let person = try await scene.finish(try await scene.provider.sign(document, element: "_r1"), relay: start.relay)
    XCTAssertEqual(person.subject, "ada@example.com")
  }

  func testWhatAttackersDoIsRefused() async throws {
    let scene = try await Scene()
    defer { scene.provider.remove() }
    let other = try await StandInIdentityProvider()
    defer { other.remove() }
    let start = try await scene.begin()
    let request = start.request
    let good = try await scene.provider.sign(Self.response(request, Self.assertion(request)), element: "_a1")
    let foreign = try await other.sign(Self.response(request, Self.assertion(request)), element: "_a1")
    let evil = Self.assertion(request, id: "_evil", email: "root@example.com", signed: false)
    let begin = try XCTUnwrap(good.range(of: "<saml:Assertion"))
    let end = try XCTUnwrap(good.range(of: "</saml:Assertion>"))
    let signed = String(good[begin.lowerBound..<end.upperBound])
    func with(_ inside: String) -> String { good.replacing(signed, with: inside) }
    let innerSignature = String(
      signed[signed.range(of: "<ds:Signature")!.lowerBound..<signed.range(of: "</ds:Signature>")!.upperBound])
    let evilSame = Self.assertion(request, id: "_a1", email: "root@example.com", signed: false)
    let attacks: [(String, String)] = [
      ("changed name", good.replacing("ada@example.com", with: "root@example.com")), ("another key", foreign),
      ("no signature", Self.response(request, Self.assertion(request, signed: false))),
      ("an empty signature", Self.response(request, Self.assertion(request))),
      ("a second assertion before it", with(evil + signed)), ("a second assertion after it", with(signed + evil)),
      ("the same id twice", with(evilSame + signed)),
      (
        "the signed one within another",
        with(evil.replacing("</saml:Issuer>", with: "</saml:Issuer><saml:Advice>\(signed)</saml:Advice>"))
      ),
      (
        "the signature moved to another",
        with(
          evil.replacing(
            "</saml:Issuer>",
            with: "</saml:Issuer>"
              + innerSignature.replacing("</ds:Signature>", with: "<ds:Object>\(signed)</ds:Object></ds:Signature>")))
      ),
      (
        "the signed one hidden in an extension",
        with(evil).replacing("<samlp:Status>", with: "<samlp:Extensions>\(signed)</samlp:Extensions><samlp:Status>")
      ),
      ("a comment in the name", good.replacing("ada@example.com", with: "ada@example.com<!-- -->.evil.com")),
      ("a document type", "<!DOCTYPE x [<!ENTITY e \"y\">]>" + good.drop { $0 != ">" }.dropFirst()),
      ("an external entity", good.replacing("ada@example.com", with: "&file;")),
      ("another transform", good.replacing("xmldsig#enveloped-signature", with: "REC-xslt-19991116")),
      ("a weak method", good.replacing("xmldsig-more#rsa-sha256", with: "xmldsig-more#hmac-sha256")),
      ("a reference to everything", good.replacing("URI=\"#_a1\"", with: "URI=\"\"")),
      ("not a response", signed),
      ("an encrypted assertion", with("<saml:EncryptedAssertion xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\"/>")),
      ("a failure", good.replacing("status:Success", with: "status:Requester")),
      ("cut", String(good.prefix(good.count / 2))), ("not XML", "hello"), ("empty", ""),
    ]
    for (name, document) in attacks {
      let relay = try await scene.world.tokens.make(
        .federation, ["request": .string(request), "provider": "https://idp.example.com"])
      let found = await code { _ = try await scene.finish(document, relay: relay) }
      XCTAssertTrue(["bad_saml", "bad_xml"].contains(found ?? ""), "\(name): \(found ?? "accepted")")
    }
    // The unchanged document is still good: what was refused was refused for what had been done to it.
    let person = try await scene.finish(good, relay: start.relay)
    XCTAssertEqual(person.email, "ada@example.com")
  }

  func testAnswersForOthersAndOtherTimesAreRefused() async throws {
    let scene = try await Scene()
    defer { scene.provider.remove() }
    let start = try await scene.begin()
    let changes: [(String, String, String)] = [
      ("audience", "<saml:Audience>https://plumb.example.com<", "<saml:Audience>https://other.example.com<"),
      ("recipient", "Recipient=\"https://plumb.example.com/acs\"", "Recipient=\"https://other.example.com/acs\""),
      ("destination", "Destination=\"https://plumb.example.com/acs\"", "Destination=\"https://other.example.com/acs\""),
      ("issuer", "<saml:Issuer>https://idp.example.com<", "<saml:Issuer>https://evil.example.com<"),
      ("request", "InResponseTo=\"\(start.request)\"", "InResponseTo=\"_other\""),
      ("not yet", "NotBefore=\"2026-03-01T11:59:00Z\"", "NotBefore=\"2026-03-01T12:10:00Z\""),
      ("too late", "NotOnOrAfter=\"2026-03-01T12:05:00Z\"", "NotOnOrAfter=\"2026-03-01T11:50:00Z\""),
      ("no statement", "<saml:AuthnStatement AuthnInstant=\"2026-03-01T12:00:00Z\"/>", ""),
    ]
    for (name, from, to) in changes {
      let document = Self.response(start.request, Self.assertion(start.request)).replacing(from, with: to)
      let signed = try await scene.provider.sign(document, element: "_a1")
      let relay = try await scene.world.tokens.make(
        .federation, ["request": .string(start.request), "provider": "https://idp.example.com"])
      let found = await code { _ = try await scene.finish(signed, relay: relay) }
      XCTAssertEqual(found, "bad_saml", name)
    }
  }

  func testXMLIsReadStrictly() throws {
    let tree = try StrictXML.read(Array("<?xml version=\"1.0\"?><a:x xmlns:a='u' b=\"1&#x41;&amp;\">t<y xmlns='v'/>u</a:x>".utf8))
    XCTAssertTrue(tree.isNamed("x", in: "u"))
    XCTAssertEqual(tree["b"], "1A&")
    XCTAssertEqual(tree.text, "tu")
    XCTAssertTrue(tree.children[0].isNamed("y", in: "v"))
    let bad = [
      "", "x", "<a>", "<a></b>", "<a/><b/>", "<a b=1/>", "<a b='1' b='2'/>", "<a b='<'/>", "<a>&x;</a>", "<a>&#0;</a>", "<p:a/>",
      "<a xmlns:p='u' xmlns:q='u' p:b='1' q:b='2'/>", "<a><![CDATA[x]]></a>", "<a><!-- --></a>", "<a><?x?></a>",
      "<!DOCTYPE a><a/>",
      "<a b='1'c='2'/>", "<a\u{0}/>", "<?xml version='1.0' encoding='UTF-16'?><a/>", "<a>\u{1}</a>",
      String(repeating: "<a>", count: 100) + String(repeating: "</a>", count: 100),
    ]
    for text in bad { XCTAssertThrowsError(try StrictXML.read(Array(text.utf8)), text) }
    XCTAssertThrowsError(try StrictXML.read([0x3c, 0x61, 0xff, 0x2f, 0x3e]))
    var random = RandomGenerator(SeededRandom(seed: 11))
    let letters = Array("<>/='\"ab:&;! -x?".utf8)
    for _ in 0..<20_000 {
      _ = try? StrictXML.read(
        (0..<Int.random(in: 0...60, using: &random)).map { _ in letters.randomElement(using: &random) ?? 60 })
    }
  }
}
