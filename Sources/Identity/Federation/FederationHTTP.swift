// The seam to identity providers: requests over HTTP, made by an adapter with limits of its own.
import Core

public struct FederationResponse: Sendable {
  public var status: Int
  public var body: [UInt8]
  public init(status: Int, body: [UInt8]) {
    self.status = status
    self.body = body
  }
}

public protocol FederationHTTP: Sendable {
  /// Throws Problem(.unavailable) without an answer. `form` is sent as application/x-www-form-urlencoded; nil is a GET.
  func send(_ url: String, form: [(String, String)]?, headers: [(String, String)]) async throws -> FederationResponse
}

/// Text in a form or a query.
public enum FormText {
  public static func encode(_ members: [(String, String)]) -> String {
    members.map { escape($0.0) + "=" + escape($0.1) }.joined(separator: "&")
  }

  public static func escape(_ text: String) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var out: [UInt8] = []
    for byte in text.utf8 {
      switch byte {
      case 48...57, 65...90, 97...122, 45, 46, 95, 126: out.append(byte)
      default: out += [37, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: out, as: UTF8.self)
  }
}
