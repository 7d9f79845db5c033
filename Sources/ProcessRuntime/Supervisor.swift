// Watches the processes of all replicas: ends, stops that take too long, health checks, growing logs. One thread for all.
import CLinux
import Core
import Foundation

/// Idle, its thread sleeps; with processes it looks once a second, and at once when one ends.
final class Supervisor: @unchecked Sendable {
  static let mostReplicas = 2000
  private static let mostProbes = 64
  /// After SIGKILL a process that still does not end is given up.
  private static let killPatience = 5.0
  private static let lookEvery = 1.0
  private static let pollEvery = 0.2

  let directory: String
  private let lock = NSLock()
  private var replicas: [ReplicaRecord.Key: Replica] = [:]
  private var closed = false
  private var nextLogLook = 0.0
  private let alarm: Int32
  /// Called without the lock held, with an app whose processes changed by themselves.
  private let changed: @Sendable (ReplicaRecord) -> Void

  /// Adopts the processes that an earlier plumb left running below `directory` (absolute), then watches.
  init(directory: String, changed: @escaping @Sendable (ReplicaRecord) -> Void) {
    self.directory = directory
    self.changed = changed
    alarm = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
    try? FileManager.default.createDirectory(
      atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    let found = Adoption.find(in: directory)
    for replica in found {
      replicas[replica.record.id] = replica
      save(replica.record.id)
    }
    Thread.detachNewThread { self.watch() }
    // What ended while no plumb looked has to be looked at, and so has what a graceful stop ended: it is to run again.
    for replica in found where replica.record.state != .running { changed(replica.record) }
  }

  static func monotonic() -> Double {
    var t = timespec()
    clock_gettime(CLOCK_MONOTONIC, &t)
    return Double(t.tv_sec) + Double(t.tv_nsec) / 1e9
  }

  // MARK: Asked from outside

  func replicas(of app: UID) -> [Replica] {
    lock.withLock { replicas.values.filter { $0.record.app == app }.sorted { $0.record.index < $1.record.index } }
  }

  /// Apps that have replicas here, running or not.
  var apps: [UID] { lock.withLock { Set(replicas.keys.map(\.app)).sorted() } }

  /// Checks with these settings from now on, where they differ from those in use.
  func setHealthCheck(_ settings: Value, of app: UID) {
    let now = Self.monotonic()
    var moved = false
    lock.withLock {
      for (key, replica) in replicas where key.app == app && replica.isRunning && replica.record.healthCheck != settings {
        replicas[key]?.record.healthCheck = settings
        dropProbe(key)
        replicas[key]?.health = HealthTracker(settings, now: now)
        save(key)
        moved = true
      }
    }
    if moved { ring() }
  }

  /// Starts a process for the record, whose `pid` and times are filled in. `make` builds the request once the port is known.
  func start(_ wanted: ReplicaRecord, request make: (ReplicaRecord) throws -> ChildLauncher.Request) throws -> ReplicaRecord {
    lock.lock()
    defer {
      lock.unlock()
      ring()
    }
    if closed { throw Problem(.unavailable, code: "shutting_down", "plumb is shutting down") }
    let before = replicas[wanted.id]
    if let before, before.isRunning {
      if before.record.revision == wanted.revision { return before.record }
      throw Problem(.conflict, code: "already_running", "replica \(wanted.index) runs another revision; stop it first")
    }
    if before == nil, replicas.count >= Self.mostReplicas {
      throw Problem(.limited, code: "too_many_processes", "this host runs at most \(Self.mostReplicas) replicas")
    }
    var record = wanted
    if let port = record.port {
      let taken = Set(replicas.values.filter { $0.isRunning && $0.record.id != record.id }.compactMap(\.record.port))
      record.port = try LocalPort.choose(port, last: before?.record.port, taken: taken)
    }
    record.state = .stopped
    record.pid = 0
    record.startedAt = SystemClock().now()
    record.boot = ProcessTable.boot
    let request = try make(record)
    // Written before the process exists: should plumb die in between, the marker in its environment leads back to this record.
    try record.save(in: directory)
    do {
      record.pid = try ChildLauncher.launch(request)
    } catch {
      if let before { try? before.record.save(in: directory) } else { unlink("\(directory)/\(record.app)/\(record.index).json") }
      throw error
    }
    record.state = .running
    record.startTicks = ProcessTable.entry(record.pid)?.startTicks ?? 0
    replicas[record.id] = Replica(
      record: record, watch: plumb_pidfd_open(record.pid),
      health: record.port == nil ? nil : HealthTracker(record.healthCheck, now: Self.monotonic()))
    save(record.id)
    return record
  }

  /// SIGTERM to the process group, SIGKILL after `grace` seconds; true once it has ended (or was not running).
  func stop(_ key: ReplicaRecord.Key, grace: Double) async -> Bool {
    await withCheckedContinuation { continuation in
      let waits = lock.withLock { () -> Bool in
        guard let replica = replicas[key], replica.isRunning else { return false }
        let due = Self.monotonic() + grace
        replicas[key]?.stopping = true
        replicas[key]?.killAt = min(replica.killAt ?? due, due)
        replicas[key]?.giveUpAt = nil
        replicas[key]?.waiters.append(continuation)
        kill(-replica.record.pid, SIGTERM)
        return true
      }
      if waits { ring() } else { continuation.resume(returning: true) }
    }
  }

  /// Forgets an app none of whose processes runs, with its records and logs.
  func forget(_ app: UID) throws {
    try lock.withLock {
      let own = replicas.filter { $0.key.app == app }
      guard !own.values.contains(where: \.isRunning) else {
        throw Problem(.conflict, code: "still_running", "its processes still run")
      }
      for key in own.keys { replicas[key] = nil }
      let path = "\(directory)/\(app)"
      if FileManager.default.fileExists(atPath: path) { try FileManager.default.removeItem(atPath: path) }
    }
  }

  /// Stops every process and the thread. The apps stay desired: the next plumb starts them again.
  func close(grace: Double) async {
    let running = lock.withLock { () -> [ReplicaRecord.Key] in
      closed = true
      return replicas.values.filter(\.isRunning).map(\.record.id)
    }
    await withTaskGroup(of: Void.self) { group in
      for key in running { group.addTask { _ = await self.stop(key, grace: grace) } }
    }
    ring()
  }

  // MARK: The thread

  private func ring() {
    var one: UInt64 = 1
    _ = write(alarm, &one, 8)
  }

  private func watch() {
    while true {
      var polled: [pollfd] = [pollfd(fd: alarm, events: Int16(POLLIN), revents: 0)]
      lock.lock()
      let now = Self.monotonic()
      startProbes(now)
      var next = closed ? now + Self.lookEvery : .infinity
      for replica in replicas.values where replica.isRunning {
        next = min(
          next, now + (replica.watch < 0 ? Self.pollEvery : Self.lookEvery), replica.killAt ?? .infinity,
          replica.giveUpAt ?? .infinity)
        if let health = replica.health, replica.probe == nil { next = min(next, health.due) }
        if replica.watch >= 0 { polled.append(pollfd(fd: replica.watch, events: Int16(POLLIN), revents: 0)) }
        if let probe = replica.probe {
          polled.append(pollfd(fd: probe.socket, events: probe.events, revents: 0))
          next = min(next, probe.deadline)
        }
      }
      let over = closed && !replicas.values.contains(where: \.isRunning)
      lock.unlock()
      if over { break }
      let wait = next.isFinite ? Int32(min(max((next - now) * 1000, 0), 60_000).rounded(.up)) : -1
      poll(&polled, nfds_t(polled.count), wait)
      var count: UInt64 = 0
      _ = read(alarm, &count, 8)
      turn(ready: Set(polled.filter { $0.revents != 0 }.map(\.fd)))
    }
    Glibc.close(alarm)
  }

  private func turn(ready: Set<Int32>) {
    var moved: [ReplicaRecord] = []
    var finished: [(CheckedContinuation<Bool, Never>, Bool)] = []
    lock.lock()
    let now = Self.monotonic()
    for (key, replica) in replicas where replica.isRunning {
      if replica.watch < 0 || ready.contains(replica.watch), reap(key) {
        finished += replica.waiters.map { ($0, true) }
        replicas[key]?.waiters = []
        if let record = replicas[key]?.record, !replica.stopping { moved.append(record) }
        continue
      }
      if let due = replica.killAt, due <= now {
        kill(-replica.record.pid, SIGKILL)
        replicas[key]?.killAt = nil
        replicas[key]?.giveUpAt = now + Self.killPatience
      }
      if let due = replica.giveUpAt, due <= now {
        finished += replica.waiters.map { ($0, false) }
        replicas[key]?.waiters = []
        replicas[key]?.giveUpAt = nil
      }
      if advanceProbe(key, ready: ready, now: now), let record = replicas[key]?.record { moved.append(record) }
    }
    let logs = now >= nextLogLook ? replicas.values.filter(\.isRunning).map { logPath($0.record) } : []
    if !logs.isEmpty { nextLogLook = now + Self.lookEvery }
    let silent = closed
    lock.unlock()
    for log in logs { LogFile.rotateIfLarge(log) }
    for (waiter, ended) in finished { waiter.resume(returning: ended) }
    if !silent { for record in moved { changed(record) } }
  }

  // MARK: Parts; the lock is held

  /// Notes the end of a process, if it has ended.
  private func reap(_ key: ReplicaRecord.Key) -> Bool {
    guard let replica = replicas[key] else { return false }
    let pid = replica.record.pid
    if ProcessTable.isAlive(pid, startTicks: replica.record.startTicks) { return false }
    // What the process left in its group goes with it; its pid is still its own while it has not been waited for.
    kill(-pid, SIGKILL)
    var status: Int32 = 0
    if waitpid(pid, &status, WNOHANG) == pid {
      let signal = Int(status & 0x7f)
      replicas[key]?.record.signal = signal == 0 ? nil : signal
      replicas[key]?.record.exitCode = signal == 0 ? Int((status >> 8) & 0xff) : nil
    }
    replicas[key]?.record.state = replica.stopping ? .stopped : .exited
    replicas[key]?.record.exitedAt = SystemClock().now()
    replicas[key]?.killAt = nil
    replicas[key]?.giveUpAt = nil
    if replica.watch >= 0 { Glibc.close(replica.watch) }
    replicas[key]?.watch = -1
    dropProbe(key)
    replicas[key]?.health = nil
    save(key)
    return true
  }

  private func startProbes(_ now: Double) {
    var open = replicas.values.filter { $0.probe != nil }.count
    for (key, replica) in replicas where replica.isRunning && !replica.stopping && replica.probe == nil {
      guard open < Self.mostProbes, let health = replica.health, health.due <= now, let port = replica.record.port else {
        continue
      }
      if let probe = HealthProbe(port: port, path: health.path, deadline: now + health.timeout) {
        replicas[key]?.probe = probe
        open += 1
      } else {
        _ = replicas[key]?.health?.record(error: "no socket for the check", now: now)
      }
    }
  }

  /// True when the replica's health changed.
  private func advanceProbe(_ key: ReplicaRecord.Key, ready: Set<Int32>, now: Double) -> Bool {
    guard var probe = replicas[key]?.probe else { return false }
    var step = HealthProbe.Step.pending
    if ready.contains(probe.socket) { step = probe.advance() }
    if case .pending = step, probe.deadline <= now { step = .finished("no answer in time") }
    guard case .finished(let error) = step else {
      replicas[key]?.probe = probe
      return false
    }
    dropProbe(key)
    let moved = replicas[key]?.health?.record(error: error, now: now) ?? false
    if moved, replicas[key]?.health?.healthy == true, replicas[key]?.record.wasHealthy == false {
      replicas[key]?.record.wasHealthy = true
      save(key)
    }
    return moved
  }

  private func dropProbe(_ key: ReplicaRecord.Key) {
    if let socket = replicas[key]?.probe?.socket { Glibc.close(socket) }
    replicas[key]?.probe = nil
  }

  /// What cannot be written now is still held in memory; a start, which must be written, says so by itself.
  private func save(_ key: ReplicaRecord.Key) { try? replicas[key]?.record.save(in: directory) }

  func logPath(_ record: ReplicaRecord) -> String { "\(directory)/\(record.app)/\(record.index).log" }
}
