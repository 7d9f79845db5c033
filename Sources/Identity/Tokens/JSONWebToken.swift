// JSON Web Tokens (RFC 7519, 8725): written compactly, read strictly, checked against keys that fix their algorithm.
import Core
import Crypto

/// A key that may have signed a token, under the name that tokens give it.
public struct TokenKey: Sendable {
  public var id: String
  public var key: VerificationKey
  public init(id: String, key: VerificationKey) {
    self.id = id
    self.key = key
  }
}

/// A token as read. Nothing in it is true before `verify`.
public struct JSONWebToken: Sendable {
  /// Longest token that is looked at, in bytes.
  public static let sizeLimit = 8192

  public let header: ObjectMap
  public let claims: ObjectMap
  let input: [UInt8]
  let signature: [UInt8]

  public var keyID: String? { header["kid"]?.string }
  public var type: String? { header["typ"]?.string }

  /// Reads the three parts of a compact token. Throws Problem `bad_token`.
  public init(_ text: String) throws {
    guard text.utf8.count <= Self.sizeLimit else { throw Self.bad("The token is too long.") }
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 3, let head = Base64URL.decode(parts[0]), let body = Base64URL.decode(parts[1]),
      let signature = Base64URL.decode(parts[2]), !signature.isEmpty,
      let header = (try? JSON.parse(head))?.object, let claims = (try? JSON.parse(body))?.object
    else { throw Self.bad("This is no signed token.") }
    // A header that must be understood is not.
    guard header["crit"] == nil else { throw Self.bad("The token asks for an extension that is not known.") }
    self.header = header
    self.claims = claims
    self.signature = signature
    input = Array(text.utf8.prefix(parts[0].utf8.count + 1 + parts[1].utf8.count))
  }

  /// A signed token. `type` is the header's `typ`: tokens of one purpose are never taken for another.
  public static func sign(_ claims: ObjectMap, type: String, keyID: String, key: SigningKey) -> String {
    let header: ObjectMap = ["alg": .string(key.algorithm.rawValue), "typ": .string(type), "kid": .string(keyID)]
    let input = Base64URL.encode(JSON.write(.object(header))) + "." + Base64URL.encode(JSON.write(.object(claims)))
    return input + "." + Base64URL.encode(key.sign(Array(input.utf8)))
  }

  /// Checks the signature by the one key that the token names. The algorithm is the key's: a header that says otherwise (`none`, a
  /// public key as an HMAC secret) is refused. A token that names no key is checked where exactly one key of its algorithm is known.
  public func verify(_ keys: [TokenKey]) throws {
    let algorithm = header["alg"]?.string
    let fitting = keys.filter { $0.key.algorithm.rawValue == algorithm }
    let chosen = keyID.map { id in fitting.filter { $0.id == id } } ?? fitting
    guard chosen.count == 1, chosen[0].key.verifies(signature, over: input) else {
      throw Self.bad("The token's signature does not hold.")
    }
  }

  static func bad(_ message: String) -> Problem { Problem(.unauthenticated, code: "bad_token", message) }
}
