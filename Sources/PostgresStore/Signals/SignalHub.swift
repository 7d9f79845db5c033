// Tells other replicas of commits through NOTIFY, and hears of theirs: one thread, one connection.
import CLibPQ
import Core
import Foundation
import Ports

/// Own commits reach local listeners at once; NOTIFY follows, coalesced, outside any transaction, where it would cost.
final class SignalHub: @unchecked Sendable {
  /// Rest between two flights of NOTIFY, in microseconds.
  private static let rest: UInt32 = 2_000
  /// A NOTIFY carries less than 8,000 bytes.
  private static let tenantsAtOnce = 200
  /// Tenants that wait to be told of; beyond this the others are told to read everything.
  private static let maxPending = 10_000
  private static let everyone = "*"

  let streams = SignalStreams()
  private let address: DatabaseAddress
  private let counter: StatementCounter
  private let lock = NSLock()
  private var tenants: Set<UID> = []
  private var shards: Set<Int> = []
  private var overflown = false
  private var closed = false
  private var wakePipe: [Int32] = [-1, -1]
  private let done = DispatchSemaphore(value: 0)

  init(address: DatabaseAddress, counter: StatementCounter) throws {
    self.address = address
    self.counter = counter
    guard pipe(&wakePipe) == 0 else {
      throw Problem(.unavailable, code: "no_descriptors", "No file descriptors are left.", fix: "Raise `ulimit -n`.")
    }
    for end in wakePipe {
      _ = fcntl(end, F_SETFL, O_NONBLOCK)
      _ = fcntl(end, F_SETFD, FD_CLOEXEC)
    }
    let thread = Thread { [self] in
      run()
      done.signal()
    }
    thread.stackSize = 512 << 10
    thread.name = "signals"
    thread.start()
  }

  deinit {
    for end in wakePipe { Glibc.close(end) }
  }

  /// Called after a commit.
  func committed(tenants: [UID], shards: [Int]) {
    if tenants.isEmpty && shards.isEmpty { return }
    if !tenants.isEmpty { streams.send(.changed(tenants)) }
    if !shards.isEmpty { streams.send(.work(shards)) }
    lock.lock()
    let idle = self.tenants.isEmpty && self.shards.isEmpty && !overflown
    if self.tenants.count + tenants.count > Self.maxPending {
      overflown = true
      self.tenants = []
    } else if !overflown {
      self.tenants.formUnion(tenants)
    }
    self.shards.formUnion(shards)
    lock.unlock()
    if idle { wakeUp() }
  }

  func close(seconds: Double = 3) {
    lock.withLock { closed = true }
    wakeUp()
    _ = done.wait(timeout: .now() + seconds)
    streams.finish()
  }

  private func wakeUp() {
    var byte: UInt8 = 1
    // A full pipe wakes the thread as well.
    _ = write(wakePipe[1], &byte, 1)
  }

  private var isClosed: Bool { lock.withLock { closed } }

  // MARK: The thread

  private func run() {
    var pause: Int32 = 10
    var everConnected = false
    while !isClosed {
      do {
        let connection = try Connection(address, counter: counter, listening: true)
        try connection.command("LISTEN plumb_feed; LISTEN plumb_work")
        if everConnected { streams.send(.reconnected) }
        everConnected = true
        pause = 10
        try serve(connection)
      } catch {
        // The pool reports what is wrong with the database; here there is nothing to do but to come back.
        everConnected = true
        _ = waitForWake(milliseconds: pause)
        pause = min(pause * 2, 2_000)
      }
    }
  }

  private func serve(_ connection: Connection) throws {
    while !isClosed {
      var ends = [
        pollfd(fd: PQsocket(connection.handle), events: Int16(POLLIN), revents: 0),
        pollfd(fd: wakePipe[0], events: Int16(POLLIN), revents: 0),
      ]
      _ = poll(&ends, 2, -1)
      if ends[0].revents != 0 {
        guard PQconsumeInput(connection.handle) == 1 else {
          throw DatabaseError(state: "", message: "the connection was lost", connectionLost: true)
        }
      }
      if ends[1].revents != 0 {
        drain()
        try tell(connection)
      }
      hear(connection)
    }
  }

  private func tell(_ connection: Connection) throws {
    lock.lock()
    let (tenants, shards, all) = (self.tenants.sorted(), self.shards.sorted(), overflown)
    (self.tenants, self.shards, overflown) = ([], [], false)
    lock.unlock()
    var messages: [(channel: String, payload: String)] = []
    if all { messages.append(("plumb_feed", Self.everyone)) }
    for start in stride(from: 0, to: tenants.count, by: Self.tenantsAtOnce) {
      let part = tenants[start..<min(start + Self.tenantsAtOnce, tenants.count)]
      messages.append(("plumb_feed", part.map(\.description).joined(separator: ",")))
    }
    if !shards.isEmpty { messages.append(("plumb_work", shards.map(String.init).joined(separator: ","))) }
    if messages.isEmpty { return }
    _ = try connection.query(
      "SELECT pg_notify(c, p) FROM unnest($1::text[], $2::text[]) x(c, p)",
      [.texts(messages.map(\.channel)), .texts(messages.map(\.payload))])
    usleep(Self.rest)
  }

  /// Passes on what other backends said. What this one said was told when it happened.
  private func hear(_ connection: Connection) {
    let own = PQbackendPID(connection.handle)
    var tenants: Set<UID> = []
    var shards: Set<Int> = []
    var everything = false
    while let notice = PQnotifies(connection.handle) {
      defer { PQfreemem(notice) }
      if notice.pointee.be_pid == own { continue }
      let payload = String(cString: notice.pointee.extra)
      if String(cString: notice.pointee.relname) == "plumb_work" {
        shards.formUnion(payload.split(separator: ",").compactMap { Int($0) }.filter { (0..<ShardCount.total).contains($0) })
      } else if payload == Self.everyone {
        everything = true
      } else {
        tenants.formUnion(payload.split(separator: ",").compactMap { UID($0) })
      }
    }
    if everything { streams.send(.reconnected) }
    if !tenants.isEmpty { streams.send(.changed(tenants.sorted())) }
    if !shards.isEmpty { streams.send(.work(shards.sorted())) }
  }

  private func waitForWake(milliseconds: Int32) -> Bool {
    var end = pollfd(fd: wakePipe[0], events: Int16(POLLIN), revents: 0)
    let woken = poll(&end, 1, milliseconds) > 0
    if woken { drain() }
    return woken
  }

  private func drain() {
    var bytes = [UInt8](repeating: 0, count: 64)
    while read(wakePipe[0], &bytes, 64) == 64 {}
  }
}
