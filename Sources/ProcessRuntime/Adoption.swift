// Finds what an earlier plumb left: its records, and which of their processes still run.
import CLinux
import Core
import Foundation

enum Adoption {
  /// Every recorded replica; those whose process is gone are `exited` as of now.
  static func find(in directory: String) -> [Replica] {
    let marked = Dictionary(
      ProcessTable.marked(directory: directory).map { (ReplicaRecord.Key(app: $0.app, index: $0.index), $0) },
      uniquingKeysWith: { first, _ in first })
    return ReplicaRecord.load(from: directory).map { stored in
      var record = stored
      // Its plumb died between the start and the record of the pid.
      if record.pid == 0, let found = marked[record.id], found.key == record.key {
        record.pid = found.pid
        record.startTicks = ProcessTable.entry(found.pid)?.startTicks ?? 0
        record.boot = ProcessTable.boot
        record.state = .running
      }
      var replica = Replica(record: record)
      guard record.state == .running else { return replica }
      // Watched first, checked then: a process that ends in between is noticed either way.
      let watch = plumb_pidfd_open(record.pid)
      if record.boot == ProcessTable.boot, ProcessTable.isAlive(record.pid, startTicks: record.startTicks) {
        replica.watch = watch
        replica.health = record.port == nil ? nil : HealthTracker(record.healthCheck, now: Supervisor.monotonic())
      } else {
        if watch >= 0 { close(watch) }
        replica.record.state = .exited
        replica.record.exitedAt = SystemClock().now()
      }
      return replica
    }
  }
}
