// Requests to identity providers over the outgoing HTTP that checks where it goes.
import Core
import Identity
import OutgoingHTTP

public struct ProviderHTTP: FederationHTTP {
  private static let patience = Duration.seconds(10)

  private let outgoing: OutgoingHTTP
  public init(_ outgoing: OutgoingHTTP) { self.outgoing = outgoing }

  public func send(_ url: String, form: [(String, String)]?, headers: [(String, String)]) async throws -> FederationResponse {
    var request = OutgoingRequest(
      method: form == nil ? "GET" : "POST", url: url, headers: headers.map { (name: $0.0, value: $0.1) }, timeout: Self.patience)
    if let form {
      request.headers.append((name: "Content-Type", value: "application/x-www-form-urlencoded"))
      request.body = Array(FormText.encode(form).utf8)
    }
    switch await outgoing.send(request) {
    case .success(let response) where !response.isCut: return FederationResponse(status: response.status, body: response.body)
    case .success: throw Problem(.unavailable, code: "provider", "The identity provider's answer is too long.")
    case .failure(let failure):
      throw Problem(.unavailable, code: "provider", "The identity provider does not answer: \(failure.message)")
    }
  }
}
