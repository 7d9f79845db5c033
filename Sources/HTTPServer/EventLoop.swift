// One thread that waits for sockets and runs the handlers of their requests.
import CLinux
import Foundation
import Synchronization

/// An epoll loop that is also a TaskExecutor: a request is read, handled and answered on one thread, without a hop. All state but
/// `inbox` and `load` belongs to that thread.
final class EventLoop: TaskExecutor, @unchecked Sendable {
  /// What other threads hand over.
  private struct Inbox {
    var jobs: [UnownedJob] = []
    var calls: [@Sendable () -> Void] = []
    var isWoken = false
    var hasEnded = false
  }

  static let stackSize = 4 << 20
  private static let eventsAtOnce = 256
  private static let readSize = 64 << 10
  /// Deadlines are met this late at worst, so that looking for them costs little.
  private static let sweepInterval: Int64 = 50_000_000
  private static let wakeToken = UInt64.max

  let state: ServerState
  /// Connections given to this loop, by whichever loop accepted them.
  let load = Atomic<Int>(0)
  var acceptor: Acceptor?

  // Of the thread.
  private(set) var now = MonotonicTime.now()
  let input = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: readSize)
  /// Where answers are put together.
  var output: [UInt8] = []
  var date = DateHeader()
  /// Handlers that have not returned.
  var tasks = 0
  private(set) var connections = ConnectionTable()
  private var jobs: [UnownedJob] = []
  private var spareJobs: [UnownedJob] = []
  private var unfinished: [Connection] = []
  private var nextDeadline = MonotonicTime.never
  private var lastSweep: Int64 = 0

  // Of the end.
  private(set) var isDraining = false
  private var drainDeadline = MonotonicTime.never
  private var onDrained: (@Sendable () -> Void)?

  private let poll: Int32
  private let wakeup: Int32
  /// Not a Mutex: its contended path on Linux is slow, and hidden from the thread sanitizer.
  private let lock = NSLock()
  private var inbox = Inbox()
  private let thread = Atomic<UInt>(0)

  init(state: ServerState) throws {
    self.state = state
    poll = epoll_create1(Int32(EPOLL_CLOEXEC))
    wakeup = eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
    guard poll >= 0, wakeup >= 0 else { throw HTTPServer.systemProblem("The server cannot wait for connections") }
    watch(wakeup, EPOLLIN.rawValue, Self.wakeToken)
  }

  deinit {
    close(poll)
    close(wakeup)
    input.deallocate()
  }

  var isOnThread: Bool { thread.load(ordering: .relaxed) == UInt(pthread_self()) }

  // MARK: Work from other threads

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    if isOnThread {
      jobs.append(job)
      return
    }
    let isTaken = post { $0.jobs.append(job) }
    // A task that outlived the loop, after a shutdown that could not wait for it, ends elsewhere.
    if !isTaken { DispatchQueue.global().async { job.runSynchronously(on: self.asUnownedTaskExecutor()) } }
  }

  /// Runs `call` on the loop's thread: now, if this is it. False when the loop has ended.
  @discardableResult func perform(_ call: @escaping @Sendable () -> Void) -> Bool {
    if isOnThread {
      call()
      return true
    }
    return post { $0.calls.append(call) }
  }

  private func post(_ add: (inout Inbox) -> Void) -> Bool {
    let (isTaken, mustWake) = lock.withLock {
      if inbox.hasEnded { return (false, false) }
      add(&inbox)
      defer { inbox.isWoken = true }
      return (true, !inbox.isWoken)
    }
    if mustWake {
      var one: UInt64 = 1
      write(wakeup, &one, 8)
    }
    return isTaken
  }

  private func takeInbox() {
    var count: UInt64 = 0
    read(wakeup, &count, 8)
    var calls: [@Sendable () -> Void] = []
    lock.withLock {
      jobs.append(contentsOf: inbox.jobs)
      inbox.jobs.removeAll(keepingCapacity: true)
      swap(&calls, &inbox.calls)
      inbox.isWoken = false
    }
    for call in calls { call() }
  }

  // MARK: The thread

  func run() {
    thread.store(UInt(pthread_self()), ordering: .relaxed)
    var events = [epoll_event](repeating: epoll_event(), count: Self.eventsAtOnce)
    while !endIfDone() {
      let count = epoll_wait(poll, &events, Int32(events.count), timeout())
      now = MonotonicTime.now()
      for n in 0..<max(0, Int(count)) { handle(events[n].data.u64, events[n].events) }
      continueUnfinished()
      runJobs()
      if now >= wakeTime() { sweep() }
    }
    thread.store(0, ordering: .relaxed)
  }

  private func handle(_ token: UInt64, _ events: UInt32) {
    if token == Self.wakeToken {
      takeInbox()
    } else if Acceptor.owns(token) {
      acceptor?.accept(token)
    } else {
      connections[token]?.handle(events)
    }
  }

  private func runJobs() {
    guard !jobs.isEmpty else { return }
    // Jobs that these jobs start wait for the next round, after the sockets.
    swap(&jobs, &spareJobs)
    let executor = asUnownedTaskExecutor()
    for job in spareJobs { job.runSynchronously(on: executor) }
    spareJobs.removeAll(keepingCapacity: true)
  }

  /// Lets a connection go on in the next round, after the others had their turn.
  func continueLater(_ connection: Connection) { unfinished.append(connection) }

  private func continueUnfinished() {
    guard !unfinished.isEmpty else { return }
    let turn = unfinished
    unfinished.removeAll(keepingCapacity: true)
    for connection in turn { connection.pull() }
  }

  // MARK: Deadlines

  /// To be told of every deadline that is set.
  func note(deadline: Int64) { if deadline < nextDeadline { nextDeadline = deadline } }

  private func wakeTime() -> Int64 {
    let next = min(nextDeadline, drainDeadline, acceptor?.resumeTime ?? MonotonicTime.never)
    return next == MonotonicTime.never ? next : max(next, lastSweep + Self.sweepInterval)
  }

  /// Milliseconds for epoll_wait; -1 for ever.
  private func timeout() -> Int32 {
    if !jobs.isEmpty || !unfinished.isEmpty { return 0 }
    let next = wakeTime()
    if next == MonotonicTime.never { return -1 }
    return Int32(clamping: max(0, (next - MonotonicTime.now() + 999_999) / 1_000_000))
  }

  private func sweep() {
    lastSweep = now
    nextDeadline = MonotonicTime.never
    acceptor?.resumeIfDue()
    for index in connections.slots.indices {
      guard let connection = connections.slots[index], connection.deadline != MonotonicTime.never else { continue }
      if connection.deadline <= now { connection.expire() } else { note(deadline: connection.deadline) }
    }
    if now >= drainDeadline {
      drainDeadline = MonotonicTime.never
      let left = connections.all
      if !left.isEmpty { state.log("shutdown: closing \(left.count) connections that did not end in time") }
      for connection in left { connection.close() }
      reportDrained()
    }
  }

  // MARK: Connections

  func watch(_ socket: Int32, _ events: UInt32, _ token: UInt64) {
    var event = epoll_event()
    event.events = events
    event.data.u64 = token
    epoll_ctl(poll, EPOLL_CTL_ADD, socket, &event)
  }

  func unwatch(_ socket: Int32) {
    var event = epoll_event()
    epoll_ctl(poll, EPOLL_CTL_DEL, socket, &event)
  }

  func adopt(_ socket: Int32, _ handler: any HTTPHandler, from remoteAddress: String) {
    let token = connections.nextToken(for: socket)
    let connection = Connection(socket, token: token, loop: self, handler: handler, remoteAddress: remoteAddress)
    connections.insert(connection)
    // Edge-triggered: one system call in a connection's life, and a connection that is not read wakes nobody.
    watch(socket, EPOLLIN.rawValue | EPOLLOUT.rawValue | EPOLLRDHUP.rawValue | EPOLLET.rawValue, token)
  }

  func forget(_ connection: Connection) {
    connections.remove(connection)
    load.wrappingSubtract(1, ordering: .relaxed)
    state.release()
  }

  // MARK: The end

  /// Lets work in flight end, for at most `limit`; then closes what is left. `done` is called once, on this thread.
  func drain(within limit: Duration, done: @escaping @Sendable () -> Void) {
    isDraining = true
    onDrained = done
    drainDeadline = now + limit.nanoseconds
    for connection in connections.all { connection.drain() }
  }

  private func reportDrained() {
    onDrained?()
    onDrained = nil
  }

  /// The thread lives on while a handler runs, since that may still have to be resumed here.
  private func endIfDone() -> Bool {
    guard isDraining, connections.isEmpty, tasks == 0, jobs.isEmpty else { return false }
    let isIdle = lock.withLock {
      inbox.hasEnded = inbox.jobs.isEmpty && inbox.calls.isEmpty
      return inbox.hasEnded
    }
    if isIdle {
      reportDrained()
      acceptor = nil
    }
    return isIdle
  }
}
