// Ports of this host: a free one, and whether one is taken.
import Core
import Foundation

enum LocalPort {
  /// True when no one listens on 127.0.0.1:`port`.
  static func isFree(_ port: Int) -> Bool { bound(port) != nil }

  /// A port that nobody uses now; nil when there is none.
  static func anyFree() -> Int? { bound(0) }

  /// Port 0 becomes a free one (`last` if it is still free); another must be free and not among `taken`.
  static func choose(_ port: Int, last: Int?, taken: Set<Int>) throws -> Int {
    if port > 0 {
      if !taken.contains(port), isFree(port) { return port }
      throw Problem(
        .conflict, code: "port_in_use", "port \(port) is in use by another program",
        fix: "Choose another port, or stop that program.")
    }
    if let last, !taken.contains(last), isFree(last) { return last }
    guard let free = anyFree() else { throw Problem(.unavailable, code: "no_free_port", "this host has no free port") }
    return free
  }

  private static func bound(_ port: Int) -> Int? {
    guard let number = UInt16(exactly: port) else { return nil }
    let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard socket >= 0 else { return nil }
    defer { close(socket) }
    var yes: Int32 = 1
    setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    var address = loopback(number)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    return withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
        // Binding alone succeeds beside a listener that set SO_REUSEADDR too in some states; listening does not.
        guard bind(socket, generic, length) == 0, listen(socket, 1) == 0, getsockname(socket, generic, &length) == 0 else {
          return nil
        }
        return pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { Int(UInt16(bigEndian: $0.pointee.sin_port)) }
      }
    }
  }

  /// 127.0.0.1:`port`
  static func loopback(_ port: UInt16) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    return address
  }
}
