// The address of a connection's other end as text.
import Glibc

enum PeerAddress {
  /// An IPv4 or IPv6 address without port; `unix` for a local socket.
  static func text(_ name: inout sockaddr_storage) -> String {
    var buffer = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    let family = Int32(name.ss_family)
    let isText = withUnsafeMutableBytes(of: &name) { bytes -> Bool in
      guard let base = bytes.baseAddress else { return false }
      switch family {
      case AF_INET:
        return inet_ntop(
          family, &base.assumingMemoryBound(to: sockaddr_in.self).pointee.sin_addr, &buffer, socklen_t(INET6_ADDRSTRLEN)) != nil
      case AF_INET6:
        return inet_ntop(
          family, &base.assumingMemoryBound(to: sockaddr_in6.self).pointee.sin6_addr, &buffer, socklen_t(INET6_ADDRSTRLEN)) != nil
      default: return false
      }
    }
    guard isText else { return "unix" }
    let text = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    // A socket for both families shows IPv4 peers like this.
    return text.hasPrefix("::ffff:") && text.contains(".") ? String(text.dropFirst(7)) : text
  }
}
