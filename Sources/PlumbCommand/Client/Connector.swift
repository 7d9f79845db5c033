// Opening a socket to the server: non-blocking, within a deadline, with a message that says what to do.
import Core
import Glibc

enum Connector {
  static func tcp(host: String, port: Int, name: String) throws -> Int32 {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    hints.ai_flags = Int32(AI_ADDRCONFIG)
    var found: UnsafeMutablePointer<addrinfo>?
    let code = getaddrinfo(host, "\(port)", &hints, &found)
    guard code == 0 else { throw refused(name, String(cString: gai_strerror(code))) }
    defer { freeaddrinfo(found) }
    var last: Int32 = 0
    var next = found
    while let address = next?.pointee {
      next = address.ai_next
      let socket = Glibc.socket(address.ai_family, address.ai_socktype | flags, address.ai_protocol)
      if socket < 0 { continue }
      if try connect(socket, address.ai_addr, address.ai_addrlen, error: &last) {
        var one: Int32 = 1
        setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
        return socket
      }
    }
    throw refused(name, String(cString: strerror(last)))
  }

  static func unix(path: String, name: String) throws -> Int32 {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let room = MemoryLayout.size(ofValue: address.sun_path)
    guard path.utf8.count < room else { throw refused(name, "the socket's path has more than \(room - 1) bytes") }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
    let socket = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | flags, 0)
    guard socket >= 0 else { throw refused(name, String(cString: strerror(errno))) }
    var last: Int32 = 0
    let connected = try withUnsafePointer(to: &address) { pointer in
      try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        try connect(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size), error: &last)
      }
    }
    if connected { return socket }
    throw refused(name, String(cString: strerror(last)))
  }

  private static let flags = Int32(SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)

  /// Closes the socket when it cannot be connected.
  private static func connect(_ socket: Int32, _ address: UnsafePointer<sockaddr>, _ length: socklen_t, error: inout Int32) throws
    -> Bool
  {
    if Glibc.connect(socket, address, length) == 0 { return true }
    error = errno
    if error == EINPROGRESS {
      do {
        if try Wait.ready(socket, POLLOUT, until: .now + ClientLimits.connectTime) {
          var size = socklen_t(MemoryLayout<Int32>.size)
          getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size)
          if error == 0 { return true }
        } else {
          error = ETIMEDOUT
        }
      } catch let interrupt {
        close(socket)
        throw interrupt
      }
    }
    close(socket)
    return false
  }

  private static func refused(_ name: String, _ why: String) -> Problem {
    Problem(
      .unavailable, code: "no_server", "No server answers at \(name): \(why).",
      fix: "Start one with plumb serve, or name another with --url or PLUMB_URL.")
  }
}
