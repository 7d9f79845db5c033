// Which bytes may stand where in an HTTP message (RFC 9110 section 5.6, RFC 9112).

enum ByteClasses {
  /// `tchar`: what methods and header names are made of.
  static let token = table { byte in
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
    default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
    }
  }

  /// A header value: visible characters, space, tab and bytes above ASCII. No other control character.
  static let value = table { $0 == 9 || ($0 >= 32 && $0 != 127) }

  /// A request target: visible ASCII without `#`, which never goes over the wire.
  static let target = table { $0 > 32 && $0 < 127 && $0 != UInt8(ascii: "#") }

  /// A Host value: what names, addresses and ports are made of; nothing that ends an authority or starts another one.
  static let host = table { byte in
    byte > 32 && byte < 127 && !"/\\@?#<>\"{}|^`,".utf8.contains(byte)
  }

  /// `unreserved` of RFC 3986: never percent-encoded.
  static let unreserved = table { byte in
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
    default: "-._~".utf8.contains(byte)
    }
  }

  private static func table(_ contains: (UInt8) -> Bool) -> [Bool] { (0...255).map { contains(UInt8($0)) } }
}

/// ASCII letters in lower case, other bytes as they are.
@inline(__always) func lowercased(_ byte: UInt8) -> UInt8 { byte &- 65 < 26 ? byte | 0x20 : byte }
