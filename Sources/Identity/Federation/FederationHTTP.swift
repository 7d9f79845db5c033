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

  /// The members of a posted form, the last of each name; nil where it is none.
  public static func decode(_ bytes: [UInt8], most: Int = 50) -> [String: String]? {
    var members: [String: String] = [:]
    for pair in bytes.split(separator: UInt8(ascii: "&")) {
      let parts = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
      guard let name = plain(parts[0]), let value = plain(parts.count > 1 ? parts[1] : []), members.count < most else {
        return nil
      }
      members[name] = value
    }
    return members
  }

  private static func plain(_ text: ArraySlice<UInt8>) -> String? {
    var out: [UInt8] = []
    out.reserveCapacity(text.count)
    var at = text.startIndex
    while at < text.endIndex {
      switch text[at] {
      case UInt8(ascii: "+"): out.append(32)
      case UInt8(ascii: "%"):
        guard at + 2 < text.endIndex, let byte = UInt8(String(decoding: text[at + 1...at + 2], as: UTF8.self), radix: 16) else {
          return nil
        }
        out.append(byte)
        at += 2
      case let byte: out.append(byte)
      }
      at += 1
    }
    return String(validating: out, as: UTF8.self)
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
