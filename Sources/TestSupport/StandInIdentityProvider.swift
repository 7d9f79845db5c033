// A SAML identity provider of the tests, with openssl and xmlsec1.
import Core
import Foundation
import OutgoingHTTP

/// An identity provider: makes a certificate, and signs with xmlsec1.
public struct StandInIdentityProvider: Sendable {
  public let folder: URL
  public let certificate: String
  private let openssl: String
  private let xmlsec: String

  public init() async throws {
    func program(_ name: String) throws -> String {
      guard let path = ProgramRunner.find(name) else { throw Problem(.unavailable, code: name, "\(name) is not installed") }
      return path
    }
    openssl = try program("openssl")
    xmlsec = try program("xmlsec1")
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("saml-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let made = try await ProgramRunner.run(
      openssl,
      [
        "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=idp", "-days", "1", "-keyout",
        folder.appendingPathComponent("key.pem").path, "-out", folder.appendingPathComponent("cert.pem").path,
      ], timeout: .seconds(120))
    guard made.status == 0 else { throw Problem(.failure, code: "openssl", String(decoding: made.err, as: UTF8.self)) }
    certificate = try String(contentsOf: folder.appendingPathComponent("cert.pem"), encoding: .utf8)
  }

  public func sign(_ document: String, element: String) async throws -> String {
    let file = folder.appendingPathComponent("\(UUID().uuidString).xml")
    try document.write(to: file, atomically: true, encoding: .utf8)
    let result = try await ProgramRunner.run(
      xmlsec,
      [
        "--sign", "--privkey-pem",
        "\(folder.appendingPathComponent("key.pem").path),\(folder.appendingPathComponent("cert.pem").path)",
        "--id-attr:ID", "urn:oasis:names:tc:SAML:2.0:assertion:Assertion", "--id-attr:ID",
        "urn:oasis:names:tc:SAML:2.0:protocol:Response", "--node-id", element, file.path,
      ], timeout: .seconds(120))
    guard result.status == 0 else { throw Problem(.failure, code: "xmlsec1", String(decoding: result.err, as: UTF8.self)) }
    return String(decoding: result.out, as: UTF8.self)
  }

  public func remove() { try? FileManager.default.removeItem(at: folder) }
}
