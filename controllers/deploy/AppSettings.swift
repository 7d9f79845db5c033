// What an App's spec asks of the process runtime.
import Core
import Kinds

struct AppSettings {
  /// Most replicas that one app runs on this host.
  static let mostReplicas = 100

  let command: [String]
  let env: ObjectMap
  /// Port of the first replica; nil when the app listens on none.
  let port: Int?
  let replicas: Int
  let healthCheck: Value
  let startup: Duration
  let firstDelay: Duration
  let mostDelay: Duration
  /// Digest of what a process is started from: another one means another process.
  let revision: String

  init(_ input: ReconcileInput) {
    let spec = input.spec
    command = (spec["command"]?.list ?? []).compactMap(\.string)
    env = Self.environment(input)
    port = spec["port"]?.int.flatMap { $0 > 0 ? $0 : nil }
    let running = spec["running"]?.bool ?? true
    replicas = running ? min(max(spec["replicas"]?.int ?? 1, 0), Self.mostReplicas) : 0
    let check = spec["healthCheck"] ?? .null
    healthCheck = port == nil || (check["type"].string ?? "none") == "none" ? .null : check
    startup = .microseconds(Int((check["startupSeconds"].double ?? 30) * 1e6))
    let restart = spec["restart"] ?? .null
    firstDelay = .microseconds(Int(max(restart["initialSeconds"].double ?? 1, 0.1) * 1e6))
    mostDelay = .microseconds(Int(max(restart["maxSeconds"].double ?? 300, 0.1) * 1e6))
    revision = StableHash.text([
      "command": .list(command.map(Value.string)), "env": .object(env), "port": Value(port), "image": spec["image"] ?? .null,
      "restart": spec["restartNonce"] ?? .null,
    ])
  }

  /// The variables that the apps of the project share, if it has any: what they are started with follows from them too.
  static func needs(_ input: ReconcileInput) -> [Need] {
    guard let project = input.spec["project"]?.string else { return [] }
    return [Need("variables", kind: "EnvVar", matches: [.init(.spec, "project", among: [.string(project)])])]
  }

  /// The project's variables for run time, then the app's own, which win. Sorted, so that their order means nothing.
  private static func environment(_ input: ReconcileInput) -> ObjectMap {
    var env = ObjectMap()
    for variable in input.needed["variables"] ?? [] where variable["deleting"].bool != true {
      let spec = variable["spec"]
      let stages = spec["stageBindings"].list
      guard let key = spec["key"].string, stages == nil || stages?.contains("runtime") == true else { continue }
      let secret = spec["secretValue"]
      env[key] = secret.isNull ? spec["value"] : secret
    }
    for (key, value) in input.spec["env"]?.object ?? ObjectMap() { env[key] = value }
    return env.sorted()
  }

  /// Arguments of an observation: what the runtime must know to judge the app's processes.
  var observation: Value {
    ["command": .list(command.map(Value.string)), "env": .object(env), "healthCheck": healthCheck]
  }

  /// Arguments of a start. The replicas' ports follow the first one's.
  func start(_ index: Int) -> Value {
    [
      "index": .int(index), "revision": .string(revision), "command": .list(command.map(Value.string)), "env": .object(env),
      "port": port.map { .int($0 + index) } ?? .null, "healthCheck": healthCheck,
    ]
  }
}
