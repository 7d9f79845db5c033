// XML signatures checked by the program xmlsec1, in a process of its own.
import Core
import Identity
import OutgoingHTTP

/// Trusts the given certificate and nothing else: keys, certificates and places that a document names are not looked at.
public struct XMLSecSignatures: XMLSignatureChecking {
  private static let deadline = Duration.seconds(20)
  private static let outputLimit = 64 << 10
  private static let memoryLimit = 512 << 20
  private static let checksAtOnce = 4

  private let program: String?
  private let gate = ProgramGate(limit: checksAtOnce, waitingLimit: 200)

  /// - Parameter program: the path of xmlsec1; nil looks for it.
  public init(program: String? = ProgramRunner.find("xmlsec1")) { self.program = program }

  public func isSigned(_ document: [UInt8], element: String, certificate: String) async throws -> Bool {
    guard let program else {
      throw Problem(
        .unavailable, code: "program_missing", "The program xmlsec1, which checks SAML signatures, is not installed.",
        fix: "Install the package xmlsec1.")
    }
    // The id goes on a command line: SAML's are names, and never begin with a dash.
    guard element.utf8.count <= 200, let first = element.unicodeScalars.first, first == "_" || first.properties.isAlphabetic,
      element.utf8.allSatisfy({
        (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || [45, 46, 95].contains($0)
      })
    else { return false }
    let result = try await ProgramRunner.run(
      program,
      [
        "--verify", "--enabled-reference-uris", "same-doc", "--enabled-key-data", "raw-x509-cert", "--pubkey-cert-pem",
        "/dev/fd/3",
        "--id-attr:ID", "urn:oasis:names:tc:SAML:2.0:assertion:Assertion", "--id-attr:ID",
        "urn:oasis:names:tc:SAML:2.0:protocol:Response", "--node-id", element, "/dev/stdin",
      ], input: document, secrets: Array(certificate.utf8), timeout: Self.deadline, outputLimit: Self.outputLimit,
      memoryLimit: Self.memoryLimit, gate: gate)
    return result.status == 0 && !result.isCut
  }
}
