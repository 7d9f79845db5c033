// Stands between a client and PostgreSQL, and cuts the connection in the moment of a COMMIT.
import Core
import Foundation

final class CuttingProxy: @unchecked Sendable {
  let folder: String
  private let target: String
  private let passesCommit: Bool
  private let lock = NSLock()
  private var armed = false
  private var cutCount = 0
  private let listener: Int32

  init(server: String, passesCommit: Bool) throws {
    target = server + "/.s.PGSQL.5432"
    self.passesCommit = passesCommit
    folder = NSTemporaryDirectory() + "plumb-proxy-\(UInt32.random(in: 0...UInt32.max))"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    let bound = Self.address(folder + "/.s.PGSQL.5432") { bind(listener, $0, $1) }
    guard bound == 0, listen(listener, 16) == 0 else { throw Problem(.failure, code: "proxy", "The proxy cannot listen.") }
    let accepting = listener
    Thread { [self] in
      while case let client = accept(accepting, nil, nil), client >= 0 { Thread { self.serve(client) }.start() }
      Glibc.close(accepting)
    }.start()
  }

  var cuts: Int { lock.withLock { cutCount } }
  func cutNextCommit() { lock.withLock { armed = true } }
  func close() {
    shutdown(listener, Int32(SHUT_RDWR))
    try? FileManager.default.removeItem(atPath: folder)
  }

  private func serve(_ client: Int32) {
    let server = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    defer {
      Glibc.close(client)
      Glibc.close(server)
    }
    guard Self.address(target, { connect(server, $0, $1) }) == 0 else { return }
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    var ends = [pollfd(fd: client, events: Int16(POLLIN), revents: 0), pollfd(fd: server, events: Int16(POLLIN), revents: 0)]
    while poll(&ends, 2, 30_000) > 0 {
      for (n, other) in [(0, server), (1, client)] where ends[n].revents != 0 {
        let count = read(ends[n].fd, &buffer, buffer.count)
        guard count > 0 else { return }
        if n == 0, lock.withLock({ armed }), Data(buffer[0..<count]).range(of: Data("COMMIT\0".utf8)) != nil {
          lock.withLock {
            armed = false
            cutCount += 1
          }
          if passesCommit { _ = write(other, buffer, count) }
          // The server's answer, if any, is not passed on.
          return
        }
        var sent = 0
        while sent < count {
          let written = buffer.withUnsafeBytes { write(other, $0.baseAddress! + sent, count - sent) }
          guard written > 0 else { return }
          sent += written
        }
      }
    }
  }

  private static func address(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix(107)) }
    return withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
    }
  }
}
