// A name server over UDP that answers TXT and A questions as the cases tell it.
import Core
import Foundation

public final class CaseNameServer: @unchecked Sendable {
  public let port: Int
  private let descriptor: Int32
  private let lock = NSLock()
  private var texts: [String: [String]] = [:]
  private var addresses: [String: [String]] = [:]

  public init() throws {
    descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
    var at = sockaddr_in()
    at.sin_family = sa_family_t(AF_INET)
    at.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let socket = descriptor
    let bound = withUnsafeMutablePointer(to: &at) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(socket, $0, length) == 0 && getsockname(socket, $0, &length) == 0
      }
    }
    guard descriptor >= 0, bound else { throw CaseSocket.failure("name server") }
    port = Int(in_port_t(bigEndian: at.sin_port))
    Thread { [weak self] in self?.serve() }.start()
  }

  /// What is answered for a name from now on; null takes the records away.
  public func set(_ name: String, txt: Value, address: Value) {
    lock.withLock {
      texts[name.lowercased()] = txt.list?.compactMap(\.string)
      addresses[name.lowercased()] = address.list?.compactMap(\.string)
    }
  }

  /// The socket is closed by the thread that reads it: its number must not be another's before.
  public func stop() { shutdown(descriptor, Int32(SHUT_RDWR)) }

  private func serve() {
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
      var from = sockaddr_in()
      var length = socklen_t(MemoryLayout<sockaddr_in>.size)
      let size = buffer.count
      let count = withUnsafeMutablePointer(to: &from) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { recvfrom(descriptor, &buffer, size, 0, $0, &length) }
      }
      if count <= 0 {
        close(descriptor)
        return
      }
      guard let reply = answer(Array(buffer[..<count])) else { continue }
      let toLength = length
      _ = withUnsafeMutablePointer(to: &from) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { sendto(descriptor, reply, reply.count, 0, $0, toLength) }
      }
    }
  }

  /// The reply to one question; nil for bytes that are none.
  private func answer(_ query: [UInt8]) -> [UInt8]? {
    guard query.count > 16 else { return nil }
    var labels: [String] = []
    var at = 12
    while at < query.count, query[at] != 0 {
      let end = at + 1 + Int(query[at])
      guard end < query.count else { return nil }
      labels.append(String(decoding: query[(at + 1)..<end], as: UTF8.self))
      at = end
    }
    guard at + 4 < query.count else { return nil }
    let type = Int(query[at + 1]) << 8 | Int(query[at + 2])
    let name = labels.joined(separator: ".").lowercased()
    let (txt, a) = lock.withLock { (texts[name], addresses[name]) }
    let data: [[UInt8]] =
      type == 16
      ? (txt ?? []).map { [UInt8($0.utf8.count)] + Array($0.utf8) }
      : type == 1 ? (a ?? []).map { $0.split(separator: ".").compactMap { UInt8($0) } } : []
    let known = txt != nil || a != nil
    var reply = Array(query[0..<2]) + [0x81, known ? 0x80 : 0x83, 0, 1, 0, UInt8(data.count), 0, 0, 0, 0] + query[12..<(at + 5)]
    for record in data {
      reply += [0xC0, 12, 0, UInt8(type), 0, 1, 0, 0, 0, 1, UInt8(record.count >> 8), UInt8(record.count & 255)] + record
    }
    return reply
  }
}
