// The built-in process runtime as the engine sees it: service `process`. Shapes: docs/RUNTIME.md.
import Core
import Foundation
import Kinds
import Ports

/// Supervised children of this host, one set of replicas for each app, recorded below one folder.
public final class ProcessService: ServicePort {
  public let name = "process"
  public let answersAtOnce = true
  private static let mostArguments = 1000
  /// Two apps that start at once get two accounts.
  private static let homes = NSLock()
  private static let shutdownGrace = 10.0
  private static let mostWakes = 10_000

  private let supervisor: Supervisor
  private let accounts: AppAccounts
  private let wakeStream: AsyncStream<(tenant: UID, uid: UID, kind: String)>
  private let wakeEnd: AsyncStream<(tenant: UID, uid: UID, kind: String)>.Continuation

  /// `directory` is made when missing; processes that an earlier plumb left running below it are taken over.
  public init(directory: String, accounts: AppAccounts = .own) {
    self.accounts = accounts
    let (stream, end) = AsyncStream.makeStream(
      of: (tenant: UID, uid: UID, kind: String).self, bufferingPolicy: .bufferingNewest(Self.mostWakes))
    wakeStream = stream
    wakeEnd = end
    let absolute = URL(fileURLWithPath: directory).standardizedFileURL.path
    supervisor = Supervisor(directory: absolute) { end.yield((tenant: $0.tenant, uid: $0.app, kind: $0.kind)) }
  }

  /// One reader.
  public func wakes() -> AsyncStream<(tenant: UID, uid: UID, kind: String)> { wakeStream }

  public func shutdown() async {
    await supervisor.close(grace: Self.shutdownGrace)
    wakeEnd.finish()
  }

  public func keptHere() -> [UID] { supervisor.apps }

  public func leave(_ uid: UID) async {
    for replica in supervisor.replicas(of: uid) { _ = await supervisor.stop(replica.record.id, grace: Self.shutdownGrace) }
    try? supervisor.forget(uid)
  }

  public func observe(_ metadata: ObjectMetadata, operation: String, arguments: Value) async throws -> Value {
    switch operation {
    case "observe":
      let replicas = supervisor.replicas(of: metadata.uid)
      if !arguments["healthCheck"].isNull || replicas.contains(where: { !$0.record.healthCheck.isNull }) {
        supervisor.setHealthCheck(arguments["healthCheck"], of: metadata.uid)
      }
      return [
        "known": .bool(!replicas.isEmpty || FileManager.default.fileExists(atPath: folder(metadata))),
        "replicas": .list(replicas.map(\.observation)), "commandError": commandError(arguments, metadata),
      ]
    case "logs":
      let most = min(max(arguments["lines"].int ?? 100, 1), 10_000)
      let index = arguments["index"].int
      let wanted = supervisor.replicas(of: metadata.uid).filter { index == nil || $0.record.index == index }
      return .list(
        wanted.map { replica in
          [
            "index": .int(replica.record.index),
            "lines": .list(LogFile.lines(supervisor.logPath(replica.record), most: most).map(Value.string)),
          ]
        })
    default: throw Problem(.failure, code: "unknown_operation", "the process runtime has no observation \(operation)")
    }
  }

  public func perform(_ step: Step, key: String, metadata: ObjectMetadata) async -> StepReply {
    do {
      switch step.operation {
      case "start":
        let record = try start(step.arguments, key: key, metadata)
        return StepReply(step: step.name, outcome: .done, value: ["pid": .int(Int(record.pid)), "port": Value(record.port)])
      case "stop":
        guard let index = step.arguments["index"].int else {
          throw Problem(.failure, code: "bad_step", "a stop names no replica")
        }
        let grace = min(max(step.arguments["graceSeconds"].double ?? 10, 0), 300)
        let ended = await supervisor.stop(ReplicaRecord.Key(app: metadata.uid, index: index), grace: grace)
        if !ended { throw Problem(.timeout, code: "does_not_end", "replica \(index) does not end, not even by SIGKILL") }
        return StepReply(step: step.name, outcome: .done, value: .emptyObject)
      case "forget":
        try supervisor.forget(metadata.uid)
        return StepReply(step: step.name, outcome: .done, value: .emptyObject)
      default: throw Problem(.failure, code: "unknown_operation", "the process runtime cannot \(step.operation)")
      }
    } catch {
      let problem = error as? Problem ?? Problem(.failure, code: "runtime_failed", "\(error.localizedDescription)")
      return StepReply(
        step: step.name, outcome: .failed, value: ["error": ["code": .string(problem.code), "message": .string(problem.message)]])
    }
  }

  /// The marker of a start is its key in the replica's record. A stop can be done again.
  public func probe(_ step: Step, key: String, metadata: ObjectMetadata) async -> StepReply? {
    guard step.operation == "start",
      let found = supervisor.replicas(of: metadata.uid).first(where: { $0.record.key == key && $0.record.pid > 0 })
    else { return nil }
    return StepReply(
      step: step.name, outcome: .done, value: ["pid": .int(Int(found.record.pid)), "port": Value(found.record.port)])
  }

  // MARK: Parts

  private func folder(_ metadata: ObjectMetadata) -> String { "\(supervisor.directory)/\(metadata.uid)" }

  /// Why the command cannot be run, as `{code, message}`; null when it can.
  private func commandError(_ arguments: Value, _ metadata: ObjectMetadata) -> Value {
    guard let program = arguments["command"].list?.first?.string else { return .null }
    do {
      _ = try CommandLookup.find(
        program, path: arguments["env"]["PATH"].string ?? CommandLookup.standardPath,
        folder: AppHome.path(folder(metadata)))
      return .null
    } catch {
      let problem = error as? Problem
      return ["code": .string(problem?.code ?? "command_not_found"), "message": .string(problem?.message ?? "\(error)")]
    }
  }

  private func start(_ arguments: Value, key: String, _ metadata: ObjectMetadata) throws -> ReplicaRecord {
    let command = (arguments["command"].list ?? []).compactMap(\.string)
    guard let index = arguments["index"].int, index >= 0, let program = command.first, command.count <= Self.mostArguments else {
      throw Problem(.failure, code: "bad_step", "a start names no replica or no command")
    }
    guard !command.contains(where: { $0.utf8.contains(0) }) else {
      throw Problem(.invalid, code: "command_invalid", "the command holds a NUL byte")
    }
    let folder = folder(metadata)
    let given = (arguments["env"].object ?? ObjectMap()).compactMap { name, value in text(value).map { (name, $0) } }
    let path = given.first { $0.0 == "PATH" }?.1 ?? CommandLookup.standardPath
    let home = AppHome.path(folder)
    let file = try CommandLookup.find(program, path: path, folder: home)
    let account = try Self.homes.withLock { try AppHome.prepare(folder, accounts) }
    let record = ReplicaRecord(
      tenant: metadata.tenant, app: metadata.uid, kind: metadata.kind, name: metadata.name, index: index,
      revision: arguments["revision"].string ?? "", key: key, pid: 0, startTicks: 0, boot: "", startedAt: SystemClock().now(),
      port: arguments["port"].int, healthCheck: arguments["healthCheck"], state: .stopped)
    return try supervisor.start(record) { record in
      var variables = ["PATH": path, "HOME": home, "LANG": "C.UTF-8"]
      if let port = record.port { variables["PORT"] = String(port) }
      for (name, value) in given where Self.isVariable(name) && !value.utf8.contains(0) { variables[name] = value }
      variables["PLUMB_APP"] = metadata.name
      variables["PLUMB_REPLICA"] = String(index)
      variables[ProcessTable.markerName] = "\(supervisor.directory)|\(metadata.uid)|\(index)|\(key)"
      return ChildLauncher.Request(
        program: file, arguments: [program] + command.dropFirst().map { ChildLauncher.expand($0, variables) },
        environment: variables.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }, folder: home,
        log: supervisor.logPath(record), account: account)
    }
  }

  private static func isVariable(_ name: String) -> Bool {
    !name.isEmpty && !name.utf8.contains { $0 == UInt8(ascii: "=") || $0 == 0 }
  }

  /// Numbers and booleans are allowed in `env`, as people write them.
  private func text(_ value: Value) -> String? {
    switch value {
    case .string(let text): text
    case .int, .double, .bool: JSON.text(value)
    default: nil
    }
  }
}
