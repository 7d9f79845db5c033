// An HTTP/1.1 server: listening sockets, event loops, and their start and end.
import CLinux
import Core
import Foundation
import Synchronization

/// Strict by RFC 9112, bounded by `HTTPLimits`, without TLS: a proxy stands in front. See docs/HTTP.md.
public final class HTTPServer: Sendable {
  private enum Stage { case ready, running, stopped }

  public static let loopLimit = 16

  private let state: ServerState
  private let loops: [EventLoop]
  private let stage = Mutex(Stage.ready)

  /// Opens the listening sockets, so that an address in use is known at once; `start` answers.
  /// - Parameters:
  ///   - listen: addresses, each with who answers there.
  ///   - loops: threads; nil for half the cores, 1 to 16.
  public init(
    listen: [(address: ListenAddress, handler: any HTTPHandler)], limits: HTTPLimits = HTTPLimits(), loops: Int? = nil,
    log: @escaping @Sendable (String) -> Void
  ) throws {
    var listeners: [HTTPListener] = []
    do {
      for entry in listen { listeners.append(try HTTPListener(entry.address, handler: entry.handler, limits: limits)) }
      let state = ServerState(limits: limits, listeners: listeners, log: log)
      let cores = ProcessInfo.processInfo.activeProcessorCount
      let count = min(Self.loopLimit, max(1, loops ?? cores / 2))
      self.loops = try (0..<count).map { _ in try EventLoop(state: state) }
      self.state = state
    } catch {
      for listener in listeners { listener.close() }
      throw error
    }
  }

  public convenience init(
    listen host: String, port: Int, limits: HTTPLimits = HTTPLimits(), loops: Int? = nil, handler: any HTTPHandler,
    log: @escaping @Sendable (String) -> Void
  ) throws {
    try self.init(listen: [(.tcp(host: host, port: port), handler)], limits: limits, loops: loops, log: log)
  }

  /// The first TCP port that is bound: the one chosen by the system where 0 was asked for.
  public var port: Int { ports.first { $0 != 0 } ?? 0 }

  /// The bound port of each address, in order; 0 for a local socket.
  public var ports: [Int] { state.listeners.map(\.port) }

  /// Connections open now.
  public var connectionCount: Int { state.connections.load(ordering: .relaxed) }

  /// Starts to accept. Once only.
  public func start() throws {
    let isFirst = stage.withLock { stage in
      defer { if stage == .ready { stage = .running } }
      return stage == .ready
    }
    guard isFirst else { throw Problem(.failure, code: "started", "This server was started before.") }
    let available = FileLimit.raise() - state.limits.reservedDescriptors
    if available < state.limits.connections {
      let limit = max(16, available)
      state.connectionLimit.store(limit, ordering: .relaxed)
      state.log("at most \(limit) connections: the system allows no more open files (ulimit -n)")
    }
    for (n, loop) in loops.enumerated() {
      let acceptor = Acceptor(loop: loop, peers: loops, listeners: state.listeners)
      loop.acceptor = acceptor
      acceptor.start()
      let thread = Thread { loop.run() }
      thread.name = "http-\(n)"
      thread.stackSize = EventLoop.stackSize
      thread.start()
    }
  }

  /// Stops accepting, lets requests in flight end for at most `limit`, closes what is left, and returns. Event streams end at
  /// once. A handler that runs on after that finds nobody to answer.
  public func shutdown(within limit: Duration) async {
    let before = stage.withLock { stage in
      defer { stage = .stopped }
      return stage
    }
    if before == .running {
      await onEveryLoop { loop, done in
        loop.acceptor?.stop()
        done()
      }
    }
    guard before != .stopped else { return }
    for listener in state.listeners { listener.close() }
    if before == .running { await onEveryLoop { $0.drain(within: limit, done: $1) } }
  }

  /// Calls `action` on each loop's thread; returns when each has called back.
  private func onEveryLoop(_ action: @escaping @Sendable (EventLoop, @escaping @Sendable () -> Void) -> Void) async {
    await withTaskGroup(of: Void.self) { group in
      for loop in loops {
        group.addTask {
          await withCheckedContinuation { continuation in
            if !loop.perform({ action(loop) { continuation.resume() } }) { continuation.resume() }
          }
        }
      }
    }
  }

  static func systemProblem(_ what: String) -> Problem {
    Problem(.failure, code: "system", "\(what): \(String(cString: strerror(errno))).")
  }
}
