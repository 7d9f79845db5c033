// An HTTP server that takes webhooks and notifications for the cases, and remembers them.
import Core
import Foundation

/// Answers 200 to everything, except below `/status/N/…`, where it answers N; below `/wait/N/…` it answers N seconds late. Cases tell their requests apart by path.
public final class CaseReceiver: @unchecked Sendable {
  public let port: Int
  private let listener: CaseSocket
  private let lock = NSLock()
  private var taken: [Value] = []
  /// Most requests remembered; older ones go.
  private static let most = 10_000
  private static let mostBytes = 4 << 20

  public init() throws {
    (listener, port) = try CaseSocket.listen()
    let thread = Thread { [weak self, listener] in
      while let peer = listener.accept() {
        guard let self else { break }
        self.serve(peer)
        peer.close()
      }
      listener.close()
    }
    thread.start()
  }

  /// Requests to this path so far, oldest first: `{method, path, headers: {lower-case name: text}, body: JSON or text, text}`.
  public func requests(to path: String) -> [Value] { lock.withLock { taken.filter { $0["path"].string == path } } }

  /// The listener is closed by the thread that accepts: its number must not be another's before.
  public func stop() { shutdown(listener.descriptor, Int32(SHUT_RDWR)) }

  private func serve(_ peer: CaseSocket) {
    var time = timeval(tv_sec: 5, tv_usec: 0)
    setsockopt(peer.descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
    var bytes: [UInt8] = []
    while bytes.count < Self.mostBytes {
      guard let more = try? peer.read() else { return }
      bytes += more
      guard let request = Self.parse(bytes) else { continue }
      lock.withLock {
        taken.append(request)
        if taken.count > Self.most { taken.removeFirst() }
      }
      let status = Self.status(for: request["path"].string ?? "")
      Thread.sleep(forTimeInterval: Self.delay(for: request["path"].string ?? ""))
      try? peer.write(Array("HTTP/1.1 \(status) Answer\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok".utf8))
      return
    }
  }

  private static func delay(for path: String) -> Double {
    let parts = path.split(separator: "/")
    return parts.count > 1 && parts[0] == "wait" ? min(Double(parts[1]) ?? 0, 10) : 0
  }

  private static func status(for path: String) -> Int {
    let parts = path.split(separator: "/")
    return parts.count > 1 && parts[0] == "status" ? Int(parts[1]) ?? 200 : 200
  }

  /// The request once it is whole; nil while bytes are missing.
  private static func parse(_ bytes: [UInt8]) -> Value? {
    let text = String(decoding: bytes, as: UTF8.self)
    guard let end = text.range(of: "\r\n\r\n") else { return nil }
    var lines = text[..<end.lowerBound].components(separatedBy: "\r\n")
    let first = lines.removeFirst().split(separator: " ")
    guard first.count == 3 else { return nil }
    var headers = ObjectMap()
    for line in lines {
      let parts = line.split(separator: ":", maxSplits: 1)
      if parts.count == 2 { headers[parts[0].lowercased()] = .string(parts[1].trimmingCharacters(in: .whitespaces)) }
    }
    let body = String(text[end.upperBound...])
    if body.utf8.count < Int(headers["content-length"]?.string ?? "0") ?? 0 { return nil }
    return [
      "method": .string(String(first[0])), "path": .string(String(first[1])), "headers": .object(headers),
      "body": (try? JSON.parse(body)) ?? .string(body), "text": .string(body),
    ]
  }
}
