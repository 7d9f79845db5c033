// Accepts connections for a loop and gives each to the loop that has the fewest.
import CLinux
import Glibc

/// Every loop waits on the same listening sockets, so a loop that is kept busy accepts nothing; EPOLLEXCLUSIVE wakes one at a time.
final class Acceptor {
  private static let tokenFlag: UInt64 = 1 << 63
  private static let batch = 64
  /// How long accepting rests when the system has no descriptors or memory: trying on would only spin.
  private static let pause: Int64 = 200_000_000

  private unowned let loop: EventLoop
  private let peers: [EventLoop]
  private let sockets: [(socket: Int32, handler: any HTTPHandler)]
  private(set) var resumeTime = MonotonicTime.never

  init(loop: EventLoop, peers: [EventLoop], listeners: [HTTPListener]) {
    self.loop = loop
    self.peers = peers
    sockets = listeners.flatMap { listener in listener.sockets.map { ($0, listener.handler) } }
  }

  static func owns(_ token: UInt64) -> Bool { token & tokenFlag != 0 }

  func start() {
    for (n, entry) in sockets.enumerated() {
      loop.watch(entry.socket, EPOLLIN.rawValue | EPOLLEXCLUSIVE.rawValue, Self.tokenFlag | UInt64(n))
    }
  }

  /// Takes in what is waiting, then accepts no more.
  func stop() {
    for n in sockets.indices { accept(Self.tokenFlag | UInt64(n)) }
    for entry in sockets { loop.unwatch(entry.socket) }
    resumeTime = MonotonicTime.never
  }

  func resumeIfDue() {
    guard loop.now >= resumeTime else { return }
    resumeTime = MonotonicTime.never
    start()
  }

  func accept(_ token: UInt64) {
    let index = Int(token & ~Self.tokenFlag)
    guard index < sockets.count else { return }
    let flags = Int32(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
    for _ in 0..<Self.batch {
      var name = sockaddr_storage()
      var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
      let socket = withUnsafeMutablePointer(to: &name) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { accept4(sockets[index].socket, $0, &length, flags) }
      }
      if socket >= 0 {
        place(socket, sockets[index].handler, PeerAddress.text(&name))
        continue
      }
      switch errno {
      case EAGAIN: return
      case EMFILE, ENFILE, ENOBUFS, ENOMEM:
        rest(errno)
        return
      default: continue  // The client gave up, or the like: the next one may be well.
      }
    }
  }

  private func place(_ socket: Int32, _ handler: any HTTPHandler, _ remoteAddress: String) {
    guard loop.state.admit() else {
      refuse(socket)
      return
    }
    var target = loop
    for peer in peers where peer.load.load(ordering: .relaxed) < target.load.load(ordering: .relaxed) { target = peer }
    target.load.wrappingAdd(1, ordering: .relaxed)
    let isTaken = target.perform { [target] in target.adopt(socket, handler, from: remoteAddress) }
    if !isTaken {
      close(socket)
      loop.state.release()
    }
  }

  /// Tells a client that there are too many, without keeping anything of it.
  private func refuse(_ socket: Int32) {
    let body = Refusal.busy.body
    var answer: [UInt8] = []
    let head = ResponseHead(length: .bytes(body.count), close: true, isHTTP11: true)
    _ = head.write(503, ["Content-Type": "application/json", "Retry-After": "5"], date: loop.date.current(), to: &answer)
    answer += body
    send(socket, answer, answer.count, Int32(MSG_NOSIGNAL))
    shutdown(socket, Int32(SHUT_WR))
    close(socket)
  }

  private func rest(_ code: Int32) {
    guard resumeTime == MonotonicTime.never else { return }
    loop.state.log("accepting rests for a moment: \(String(cString: strerror(code)))")
    for entry in sockets { loop.unwatch(entry.socket) }
    resumeTime = loop.now + Self.pause
  }
}
