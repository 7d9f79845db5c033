// What is written down of a replica, so that a later plumb knows its process again.
import Core
import Foundation

/// One file `DIR/<app uid>/<index>.json`.
struct ReplicaRecord: Sendable {
  enum State: String, Sendable { case running, exited, stopped }
  struct Key: Hashable, Sendable {
    var app: UID
    var index: Int
  }
  var tenant: UID
  var app: UID
  var kind: String
  var name: String
  var index: Int
  var revision: String
  /// Key of the step that started it: the marker of a probed step.
  var key: String
  var pid: Int32
  /// Start time of the process in clock ticks since boot: with the boot id it tells the process from a later one of the same pid.
  var startTicks: Int
  var boot: String
  var startedAt: Timestamp
  var port: Int?
  var healthCheck: Value
  var wasHealthy = false
  var state: State
  var exitCode: Int?
  var signal: Int?
  var exitedAt: Timestamp?

  var id: Key { Key(app: app, index: index) }

  var value: Value {
    [
      "tenant": .string(tenant.description), "app": .string(app.description), "kind": .string(kind), "name": .string(name),
      "index": .int(index), "revision": .string(revision), "key": .string(key), "pid": .int(Int(pid)),
      "startTicks": .int(startTicks),
      "boot": .string(boot), "startedAt": .string(startedAt.description), "port": Value(port), "healthCheck": healthCheck,
      "wasHealthy": .bool(wasHealthy), "state": .string(state.rawValue), "exitCode": Value(exitCode), "signal": Value(signal),
      "exitedAt": Value(exitedAt?.description),
    ]
  }
}

extension ReplicaRecord {
  /// Reads what `value` wrote; nil when it is something else.
  init?(_ value: Value) {
    guard let tenant = value["tenant"].string.flatMap({ UID($0) }), let app = value["app"].string.flatMap({ UID($0) }),
      let index = value["index"].int, let pid = value["pid"].int, let state = State(rawValue: value["state"].string ?? ""),
      let startedAt = value["startedAt"].string.flatMap({ Timestamp($0) })
    else { return nil }
    self.init(
      tenant: tenant, app: app, kind: value["kind"].string ?? "App", name: value["name"].string ?? "", index: index,
      revision: value["revision"].string ?? "", key: value["key"].string ?? "", pid: Int32(truncatingIfNeeded: pid),
      startTicks: value["startTicks"].int ?? 0, boot: value["boot"].string ?? "", startedAt: startedAt, port: value["port"].int,
      healthCheck: value["healthCheck"], wasHealthy: value["wasHealthy"].bool ?? false, state: state,
      exitCode: value["exitCode"].int,
      signal: value["signal"].int, exitedAt: value["exitedAt"].string.flatMap { Timestamp($0) })
  }

  /// Replaces the file in one rename. Throws Problem(.unavailable) with the system's reason.
  func save(in directory: String) throws {
    let path = "\(directory)/\(app)/\(index).json"
    let temporary = path + ".new"
    let failure = { (what: String) in
      Problem(.unavailable, code: "storage", "cannot \(what) \(path): \(String(cString: strerror(errno)))")
    }
    let file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw failure("create") }
    let bytes = JSON.write(value)
    let written = bytes.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
    let writeError = written == bytes.count ? 0 : (written < 0 ? errno : ENOSPC)
    close(file)
    if writeError != 0 {
      errno = writeError
      unlink(temporary)
      throw failure("write")
    }
    guard rename(temporary, path) == 0 else { throw failure("replace") }
  }

  /// All records below the directory. Files that are no records are skipped.
  static func load(from directory: String) -> [ReplicaRecord] {
    let files = FileManager.default
    var found: [ReplicaRecord] = []
    for app in (try? files.contentsOfDirectory(atPath: directory)) ?? [] where UID(app) != nil {
      for file in (try? files.contentsOfDirectory(atPath: "\(directory)/\(app)")) ?? [] where file.hasSuffix(".json") {
        guard let bytes = files.contents(atPath: "\(directory)/\(app)/\(file)"), let value = try? JSON.parse(Array(bytes)),
          let record = ReplicaRecord(value), record.app == UID(app)
        else { continue }
        found.append(record)
      }
    }
    return found
  }
}
