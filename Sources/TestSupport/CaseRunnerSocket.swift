// Blocking TCP sockets on the loopback address, for the clients and listeners of the cases.
import Core
import Foundation

public struct CaseSocket: Sendable {
  public let descriptor: Int32

  static func failure(_ what: String) -> Problem {
    Problem(.unavailable, code: "socket", "\(what): \(String(cString: strerror(errno)))")
  }

  private static func address(port: Int) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
    return address
  }

  static func connect(port: Int, readSeconds: Int) throws -> CaseSocket {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw failure("socket") }
    var time = timeval(tv_sec: readSeconds, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
    var to = address(port: port)
    let done = withUnsafePointer(to: &to) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Foundation.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard done == 0 else {
      let problem = failure("connect to port \(port)")
      Foundation.close(descriptor)
      throw problem
    }
    return CaseSocket(descriptor: descriptor)
  }

  /// Listens on a free port (or the one given) and says which.
  public static func listen(port: Int = 0) throws -> (CaseSocket, port: Int) {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw failure("socket") }
    var yes: Int32 = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    var at = address(port: port)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let bound = withUnsafeMutablePointer(to: &at) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        bind(descriptor, pointer, length) == 0 && Foundation.listen(descriptor, 64) == 0
          && getsockname(descriptor, pointer, &length) == 0
      }
    }
    guard bound else {
      let problem = failure("listen")
      Foundation.close(descriptor)
      throw problem
    }
    return (CaseSocket(descriptor: descriptor), Int(in_port_t(bigEndian: at.sin_port)))
  }

  /// The next connection; nil when the listener is closed.
  func accept() -> CaseSocket? {
    let peer = Foundation.accept(descriptor, nil, nil)
    // Programs that a test starts meanwhile would keep the connection open.
    if peer >= 0 { _ = fcntl(peer, F_SETFD, FD_CLOEXEC) }
    return peer >= 0 ? CaseSocket(descriptor: peer) : nil
  }

  func write(_ bytes: [UInt8]) throws {
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes { Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      guard count > 0 else { throw Self.failure("send") }
      sent += count
    }
  }

  /// Some bytes; nil at the end. Throws when none come in time.
  func read() throws -> [UInt8]? {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    let count = recv(descriptor, &buffer, buffer.count, 0)
    if count < 0 { throw Self.failure("receive") }
    return count == 0 ? nil : Array(buffer[..<count])
  }

  func close() { Foundation.close(descriptor) }

  /// `count` ports in a row that were free just now, below those that the system gives to clients: nobody else takes them
  /// between two starts of a server.
  public static func freePorts(_ count: Int = 1) throws -> Int {
    for _ in 0..<100 {
      let first = Int.random(in: 20_000...31_000)
      let open = (first..<first + count).compactMap { try? listen(port: $0).0 }
      for socket in open { socket.close() }
      if open.count == count { return first }
    }
    throw Problem(.unavailable, code: "socket", "No \(count) free ports were found.")
  }

  /// A port that was free just now.
  public static func freePort() throws -> Int {
    let (socket, port) = try listen()
    socket.close()
    return port
  }
}
