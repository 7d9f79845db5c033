// An OpenID provider over HTTP: gives a code to browsers, trades it once, and refuses what a real provider refuses.
import Core
import Crypto
import Foundation
import HTTPServer
import Identity

final class OpenIDStandIn: HTTPHandler, @unchecked Sendable {
  static let client = "client-of-the-tests"
  static let secret = "secret-of-the-tests"

  private let callback: String
  private let lock = NSLock()
  private let key = SigningKey.generate(.rs256)
  private let other = SigningKey.generate(.rs256)
  private var codes: [String: [String: String]] = [:]
  private var used: Set<String> = []
  private var server: HTTPServer?
  private(set) var port = 0
  /// Who sits at the browser.
  var person: (subject: String, email: String, verified: Bool) = ("1", "nobody@example.com", true)
  /// Changes the claims before they are signed, the header, or the key.
  var tamper: (inout ObjectMap) -> Void = { _ in }
  var signsWithAnother = false
  var refuses = false
  private(set) var trades = 0

  init(callback: String) { self.callback = callback }

  func start() throws -> Int {
    let server = try HTTPServer(listen: "127.0.0.1", port: 0, loops: 1, handler: self, log: { _ in })
    try server.start()
    self.server = server
    port = server.port
    return port
  }

  private var issuer: String { "http://127.0.0.1:\(port)" }

  func reset() {
    tamper = { _ in }
    signsWithAnother = false
    refuses = false
  }

  func bodyLimit(for head: HTTPRequest) -> Int { 20_000 }

  func handle(_ request: HTTPRequest) async -> HTTPResponse {
    lock.withLock {
      switch (request.method, request.path) {
      case ("GET", "/o/oauth2/v2/auth"): authorize(request)
      case ("POST", "/token"): trade(request)
      case ("GET", "/oauth2/v3/certs"): json(200, ["keys": [published]])
      default: json(404, ["error": "not_found"])
      }
    }
  }

  private func json(_ status: Int, _ value: Value) -> HTTPResponse {
    HTTPResponse(status: status, contentType: "application/json", JSON.write(value))
  }

  private static func members(_ text: String) -> [String: String] {
    Dictionary((QueryString.parse(text) ?? []).map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
  }

  /// The consent screen: the person agrees, or does not, and the browser goes back.
  private func authorize(_ request: HTTPRequest) -> HTTPResponse {
    let query = Self.members(request.query ?? "")
    guard query["client_id"] == Self.client, query["redirect_uri"] == callback, query["response_type"] == "code",
      query["scope"]?.split(separator: " ").contains("openid") == true, let state = query["state"], state.count >= 20,
      let nonce = query["nonce"], nonce.count >= 20, query["code_challenge_method"] == "S256",
      query["code_challenge"]?.count == 43
    else { return json(400, ["error": "invalid_request"]) }
    if refuses { return redirect("\(callback)?error=access_denied&state=\(state)") }
    let code = randomToken(length: 30)
    codes[code] = query
    return redirect("\(callback)?code=\(code)&state=\(state)&scope=openid")
  }

  private func redirect(_ url: String) -> HTTPResponse {
    var response = HTTPResponse(status: 302, contentType: "text/plain", [])
    response.headers.add("Location", url)
    return response
  }

  private func trade(_ request: HTTPRequest) -> HTTPResponse {
    trades += 1
    guard request.headers["Content-Type"] == "application/x-www-form-urlencoded" else {
      return json(400, ["error": "invalid_request"])
    }
    let form = Self.members(String(decoding: request.body, as: UTF8.self))
    guard form["client_id"] == Self.client, form["client_secret"] == Self.secret else {
      return json(401, ["error": "invalid_client"])
    }
    guard form["grant_type"] == "authorization_code", let code = form["code"], !used.contains(code), let asked = codes[code],
      form["redirect_uri"] == asked["redirect_uri"],
      Base64URL.encode(Digest.sha256(form["code_verifier"] ?? "")) == asked["code_challenge"]
    else { return json(400, ["error": "invalid_grant"]) }
    used.insert(code)
    let now = Int(Date().timeIntervalSince1970)
    var claims: ObjectMap = [
      "iss": .string(issuer), "aud": .string(Self.client), "azp": .string(Self.client), "sub": .string(person.subject),
      "email": .string(person.email), "email_verified": .bool(person.verified), "name": .string("Person \(person.subject)"),
      "nonce": Value(asked["nonce"]), "iat": .int(now), "exp": .int(now + 3600),
    ]
    tamper(&claims)
    let token = JSONWebToken.sign(claims, type: "JWT", keyID: "k1", key: signsWithAnother ? other : key)
    return json(200, ["id_token": .string(token), "token_type": "Bearer", "expires_in": 3600])
  }

  /// The modulus stands at a fixed place in the DER of a 2048-bit key.
  private var published: Value {
    var set: ObjectMap = ["kty": "RSA", "use": "sig", "alg": "RS256", "kid": "k1", "e": "AQAB"]
    set["n"] = .string(Base64URL.encode(key.publicEncoded[33..<289]))
    return .object(set)
  }
}
