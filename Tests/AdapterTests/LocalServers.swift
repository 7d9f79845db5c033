// Small servers for tests: TCP and UDP on 127.0.0.1, answered by closures on threads of their own.
import Foundation

final class LocalTCPServer: @unchecked Sendable {
  let port: Int
  private let socket: Int32

  /// `serve` gets each connection in a thread of its own; the connection is closed when it returns.
  init(serve: @escaping @Sendable (Int32) -> Void) {
    let (socket, port) = bindLocal(SOCK_STREAM, port: 0)
    self.socket = socket
    self.port = port
    listen(socket, 16)
    Thread.detachNewThread {
      while true {
        let client = accept(socket, nil, nil)
        if client < 0 {
          // Closed by whom it belongs to: a number that is free sooner may be another server's socket when accept gets there.
          close(socket)
          return
        }
        Thread.detachNewThread {
          serve(client)
          close(client)
        }
      }
    }
  }

  func stop() { shutdown(socket, Int32(SHUT_RDWR)) }
}

/// A name server on one port for UDP and TCP.
final class LocalNameServer: @unchecked Sendable {
  let port: Int
  private let udp: Int32
  private let tcp: Int32

  /// `answer` gets a query and whether it came over TCP, and returns the packets to send.
  init(answer: @escaping @Sendable ([UInt8], Bool) -> [[UInt8]]) {
    let (tcp, port) = bindLocal(SOCK_STREAM, port: 0)
    let (udp, _) = bindLocal(SOCK_DGRAM, port: port)
    (self.tcp, self.udp, self.port) = (tcp, udp, port)
    listen(tcp, 16)
    Thread.detachNewThread {
      var buffer = [UInt8](repeating: 0, count: 4096)
      while true {
        var from = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let n = withUnsafeMutablePointer(to: &from) { pointer in
          pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { recvfrom(udp, &buffer, buffer.count, 0, $0, &length) }
        }
        if n <= 0 {
          close(udp)
          return
        }
        for packet in answer(Array(buffer[..<n]), false) {
          withUnsafePointer(to: &from) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = sendto(udp, packet, packet.count, 0, $0, length) }
          }
        }
      }
    }
    Thread.detachNewThread {
      while true {
        let client = accept(tcp, nil, nil)
        if client < 0 {
          close(tcp)
          return
        }
        var buffer = [UInt8](repeating: 0, count: 4096)
        let n = recv(client, &buffer, buffer.count, 0)
        if n > 2 {
          for packet in answer(Array(buffer[2..<n]), true) {
            let framed = [UInt8(packet.count >> 8), UInt8(packet.count & 255)] + packet
            send(client, framed, framed.count, Int32(MSG_NOSIGNAL))
          }
        }
        close(client)
      }
    }
  }

  func stop() {
    for socket in [udp, tcp] { shutdown(socket, Int32(SHUT_RDWR)) }
  }
}

private func bindLocal(_ type: __socket_type, port: Int) -> (Int32, Int) {
  let socket = Glibc.socket(AF_INET, Int32(type.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_port = UInt16(port).bigEndian
  address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
  var length = socklen_t(MemoryLayout<sockaddr_in>.size)
  let bound = withUnsafeMutablePointer(to: &address) { pointer in
    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
      let result = bind(socket, generic, length)
      getsockname(socket, generic, &length)
      return result
    }
  }
  precondition(bound == 0, "no local port")
  return (socket, Int(UInt16(bigEndian: address.sin_port)))
}
