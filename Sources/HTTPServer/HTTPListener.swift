// One open listening address and who answers there.
import CLinux
import Core
import Glibc

/// Port in use, unknown host and the like throw a Problem. Every loop accepts from the same socket, so the system itself refuses
/// a second server on the port, which it would not with SO_REUSEPORT.
final class HTTPListener: Sendable {
  private static let backlog: Int32 = 1024

  let address: ListenAddress
  let handler: any HTTPHandler
  /// One for each address that the host name stands for.
  let sockets: [Int32]
  /// The bound port; 0 for a local socket.
  let port: Int

  init(_ address: ListenAddress, handler: any HTTPHandler, limits: HTTPLimits) throws {
    self.address = address
    self.handler = handler
    switch address {
    case .unix(let path):
      sockets = [try Self.openLocal(path, address)]
      port = 0
    case .tcp(let host, let port):
      (sockets, self.port) = try Self.openTCP(host, port, address, limits)
    }
  }

  /// Stops listening, and removes a local socket's file.
  func close() {
    for socket in sockets { Glibc.close(socket) }
    if case .unix(let path) = address { unlink(path) }
  }

  private static func openTCP(
    _ host: String, _ port: Int, _ address: ListenAddress, _ limits: HTTPLimits
  ) throws -> (sockets: [Int32], port: Int) {
    var hints = addrinfo()
    hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var found: UnsafeMutablePointer<addrinfo>?
    let status = getaddrinfo(host, String(port), &hints, &found)
    guard status == 0 else {
      throw Problem(
        .invalid, code: "listen_address", "\(host) is no address of this machine: \(String(cString: gai_strerror(status))).",
        fix: "Choose another with --listen.")
    }
    defer { freeaddrinfo(found) }
    var sockets: [Int32] = []
    var bound = port
    var next = found
    while let info = next?.pointee {
      next = info.ai_next
      do {
        let socket = try openTCP(info, port: bound, address, limits)
        sockets.append(socket)
        if bound == 0 { bound = localPort(socket) }
      } catch let problem where problem.code == "address_family" && (info.ai_next != nil || !sockets.isEmpty) {
        continue  // A name may stand for an IPv6 address on a machine without IPv6.
      } catch {
        for socket in sockets { Glibc.close(socket) }
        guard error.code == "address_family", host == "::" else { throw error }
        return try openTCP("0.0.0.0", port, address, limits)
      }
    }
    return (sockets, bound)
  }

  private static func openTCP(
    _ info: addrinfo, port: Int, _ address: ListenAddress, _ limits: HTTPLimits
  ) throws(Problem) -> Int32 {
    let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
    let listening = socket(info.ai_family, type, 0)
    guard listening >= 0 else { throw failure(address, errno) }
    set(listening, SOL_SOCKET, SO_REUSEADDR, 1)
    // Accepted connections inherit these: answers leave at once, and a peer that vanished is noticed.
    set(listening, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
    set(listening, Int32(IPPROTO_TCP), TCP_USER_TIMEOUT, Int32(clamping: limits.writeTime.milliseconds))
    var storage = sockaddr_storage()
    memcpy(&storage, info.ai_addr, Int(info.ai_addrlen))
    if info.ai_family == AF_INET6 {
      var any = true
      withUnsafeMutableBytes(of: &storage) { bytes in
        let name = bytes.baseAddress!.assumingMemoryBound(to: sockaddr_in6.self)
        name.pointee.sin6_port = in_port_t(port).bigEndian
        any = withUnsafeBytes(of: name.pointee.sin6_addr) { $0.allSatisfy { $0 == 0 } }
      }
      set(listening, Int32(IPPROTO_IPV6), IPV6_V6ONLY, any ? 0 : 1)
    } else {
      withUnsafeMutableBytes(of: &storage) {
        $0.baseAddress!.assumingMemoryBound(to: sockaddr_in.self).pointee.sin_port = in_port_t(port).bigEndian
      }
    }
    let isBound = withUnsafePointer(to: &storage) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(listening, $0, info.ai_addrlen) == 0 }
    }
    guard isBound, listen(listening, backlog) == 0 else {
      let code = errno
      Glibc.close(listening)
      throw failure(address, code)
    }
    return listening
  }

  private static func openLocal(_ path: String, _ address: ListenAddress) throws(Problem) -> Int32 {
    let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
    let listening = socket(AF_UNIX, type, 0)
    guard listening >= 0 else { throw failure(address, errno) }
    var name = localName(path)
    func call(_ function: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Int32, _ socket: Int32) -> Bool {
      withUnsafePointer(to: &name) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          function(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
        }
      }
    }
    var isBound = call({ bind($0, $1, $2) }, listening)
    if !isBound, errno == EADDRINUSE {
      // A server that crashed leaves its file behind: nobody answers there.
      let probe = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
      let isDead = !call({ connect($0, $1, $2) }, probe) && errno == ECONNREFUSED
      Glibc.close(probe)
      if isDead { unlink(path) }
      isBound = call({ bind($0, $1, $2) }, listening)
    }
    guard isBound, listen(listening, backlog) == 0 else {
      let code = errno
      Glibc.close(listening)
      throw failure(address, code)
    }
    return listening
  }

  private static func localName(_ path: String) -> sockaddr_un {
    var name = sockaddr_un()
    name.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
    return name
  }

  private static func localPort(_ socket: Int32) -> Int {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    return withUnsafeMutablePointer(to: &storage) { pointer in
      _ = pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(socket, $0, &length) }
      // The port stands in the same place for both families.
      return pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { Int(in_port_t(bigEndian: $0.pointee.sin_port)) }
    }
  }

  private static func set(_ socket: Int32, _ level: Int32, _ option: Int32, _ value: Int32) {
    var value = value
    setsockopt(socket, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
  }

  private static func failure(_ address: ListenAddress, _ code: Int32) -> Problem {
    switch code {
    case EADDRINUSE:
      Problem(
        .conflict, code: "address_in_use", "\(address) is in use by another program; choose another with --listen.")
    case EACCES:
      Problem(
        .denied, code: "address_denied", "This user may not listen on \(address).", fix: "Choose a port above 1023 with --listen."
      )
    case EADDRNOTAVAIL:
      Problem(.invalid, code: "address_unknown", "\(address) is no address of this machine; choose another with --listen.")
    case EAFNOSUPPORT: Problem(.invalid, code: "address_family", "This machine has no network of the kind of \(address).")
    default: Problem(.failure, code: "listen", "Cannot listen on \(address): \(String(cString: strerror(code))).")
    }
  }
}
