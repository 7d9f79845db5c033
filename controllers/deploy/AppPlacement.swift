// Where an app is placed: the server it names, or the server of its pool with the most room.
import Core
import Kinds

/// Servers are records: they say where an app counts, and hold it back while none of them has room.
enum AppPlacement {
  enum Result {
    /// On a server, or on this host when the app names neither server nor pool.
    case placed(server: UID?, name: String, limit: StatusLimit?, note: String?)
    case waiting(reason: String, message: String)
  }

  /// What must be read to place the app: nothing when it names neither server nor pool.
  static func needs(_ input: ReconcileInput) -> [Need] {
    if reference(input.spec, "server") != nil {
      guard let server = candidates(input).first, server["spec"]["capacity"].int != nil, current(input) != server["uid"].string else { return [] }
      return [tenants(of: [server["uid"]])]
    }
    guard let pool = reference(input.spec, "pool") else { return [] }
    guard let servers = input.needed["servers"] else {
      return [Need("servers", kind: "Server", matches: [.init(.spec, "pool", among: [.string(pool.description)])])]
    }
    if let current = current(input), servers.contains(where: { $0["uid"].string == current && !leaving($0) }) { return [] }
    let bounded = servers.filter { accepts($0) }.map { $0["uid"] }
    return bounded.isEmpty ? [] : [tenants(of: bounded)]
  }

  static func place(_ input: ReconcileInput) -> Result {
    let servers = candidates(input)
    let chosen = reference(input.spec, "server") != nil
    guard chosen || reference(input.spec, "pool") != nil else { return .placed(server: nil, name: "local", limit: nil, note: nil) }
    let poolName = reference(input.spec, "pool").flatMap { input.related[$0]?["name"].string } ?? "the pool"
    // What is placed stays, until its server drains or leaves the pool.
    if let now = servers.first(where: { $0["uid"].string == current(input) }) {
      if !leaving(now) { return placed(now, limited: false) }
      if chosen { return placed(now, limited: false, note: "server \(name(now)) is draining, but the app names it and stays") }
    }
    if servers.isEmpty {
      return chosen
        ? .waiting(reason: "WaitingForServer", message: "the server that the app names does not exist")
        : .waiting(reason: "WaitingForServer", message: "pool \(poolName) has no servers")
    }
    let load = Dictionary(grouping: input.needed["tenants"] ?? [], by: { $0["status"]["server"].string ?? "" }).mapValues(\.count)
    func used(_ server: Value) -> Int { load[server["uid"].string ?? ""] ?? 0 }
    let open = servers.filter { accepts($0) }
    let free = open.filter { server in server["spec"]["capacity"].int.map { used(server) < $0 } ?? true }
    if let best = free.min(by: { (used($0), name($0)) < (used($1), name($1)) }) { return placed(best, limited: true) }
    if chosen, let server = servers.first {
      return open.isEmpty
        ? .waiting(reason: "ServerCordoned", message: "server \(name(server)) is \(leaving(server) ? "draining" : "cordoned")")
        : .waiting(reason: "ServerFull", message: "server \(name(server)) is full: \(fullness(server, used(server)))")
    }
    if open.isEmpty {
      let which = servers.map { name($0) }.sorted().prefix(5).joined(separator: ", ")
      let subject = servers.count == 1 ? "its only server is" : "all \(servers.count) servers are"
      return .waiting(reason: "ServerCordoned", message: "pool \(poolName) takes no new apps: \(subject) cordoned (\(which))")
    }
    let closed = servers.count - open.count
    return .waiting(
      reason: "PoolFull",
      message: "pool \(poolName) is full: \(open.count) of \(servers.count) servers \(open.count == 1 ? "is" : "are") at capacity"
        + (closed > 0 ? ", \(closed) cordoned" : "") + " (\(open.map { "\(name($0)): \(fullness($0, used($0)))" }.sorted().prefix(5).joined(separator: "; ")))")
  }

  private static func placed(_ server: Value, limited: Bool, note: String? = nil) -> Result {
    let limit = limited
      ? server["spec"]["capacity"].int.map { StatusLimit(kind: "App", field: "server", value: server["uid"], atMost: $0) } : nil
    return .placed(server: server["uid"].string.flatMap { UID($0) }, name: name(server), limit: limit, note: note)
  }

  private static func tenants(of servers: [Value]) -> Need {
    Need("tenants", kind: "App", matches: [.init(.status, "server", among: servers)])
  }

  /// The server that the app names, or the servers of its pool.
  private static func candidates(_ input: ReconcileInput) -> [Value] {
    guard let server = reference(input.spec, "server") else { return (input.needed["servers"] ?? []).filter { $0["deleting"].bool != true } }
    guard var entry = input.related[server], entry["deleting"].bool != true else { return [] }
    entry["uid"] = .string(server.description)
    return [entry]
  }

  private static func current(_ input: ReconcileInput) -> String? { input.status["server"].string }
  private static func reference(_ spec: ObjectMap, _ field: String) -> UID? { spec[field]?.string.flatMap { UID($0) } }
  private static func name(_ server: Value) -> String { server["name"].string ?? "?" }
  private static func leaving(_ server: Value) -> Bool { server["spec"]["draining"].bool ?? false }
  private static func accepts(_ server: Value) -> Bool { (server["spec"]["schedulable"].bool ?? true) && !leaving(server) }
  private static func fullness(_ server: Value, _ used: Int) -> String { "\(used) of \(server["spec"]["capacity"].int ?? 0) apps" }
}
