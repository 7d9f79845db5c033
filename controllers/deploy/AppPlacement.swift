// Where an app is placed: the server it names, or the one of its pool and rules with the most room.
import Core
import Kinds

/// Servers are records: they say where an app counts, and hold it back while none of them has room.
struct AppPlacement {
  enum Result {
    /// On a server, or on this host when the app names neither server nor pool and has no rules.
    case placed(server: UID?, name: String, limit: StatusLimit?, note: String?)
    case waiting(reason: String, message: String)
  }

  private let input: ReconcileInput
  private let server: UID?
  private let pool: UID?
  /// The server that the app is on, by id.
  private let current: String?

  init(_ input: ReconcileInput) {
    self.input = input
    server = input.spec["server"]?.string.flatMap { UID($0) }
    pool = input.spec["pool"]?.string.flatMap { UID($0) }
    current = input.status["placedServer"].string
  }

  /// What must be read to place the app; nothing more than its server once it is placed well.
  func needs() -> [Need] {
    if server != nil {
      guard let named, named["spec"]["capacity"].int != nil, current != named["uid"].string else { return [] }
      return [tenants(of: [named["uid"]])]
    }
    if let current {
      guard let found = input.needed["current"] else {
        return [Need("current", kind: "Server", matches: [.init(.uid, among: [.string(current)])])]
      }
      if found.contains(where: { belongs($0) && !leaving($0) }) { return [] }
    } else if pool == nil, input.status["placedOn"].string == "local" {
      return []
    }
    guard let servers = input.needed["servers"], let rules = input.needed["rules"] else {
      let byField = pool.map { [Need.Match(.spec, "pool", among: [.string($0.description)])] } ?? []
      return [
        Need("rules", kind: "PlacementRule", matches: [.init(.spec, "app", among: [.string(input.metadata.uid.description)])]),
        Need("servers", kind: "Server", matches: selector.isEmpty ? byField : []),
      ]
    }
    if pool == nil, rules.isEmpty { return [] }
    let open = servers.filter { belongs($0) && accepts($0) }.map { $0["uid"] }
    return open.isEmpty ? [] : [tenants(of: open)]
  }

  func place() -> Result {
    if server != nil { return placeOnNamed() }
    if let here = (input.needed["current"] ?? []).first, belongs(here), !leaving(here) { return placed(here, limited: false) }
    let rules = (input.needed["rules"] ?? []).map { $0["spec"] }
    if pool == nil, rules.isEmpty { return .placed(server: nil, name: "local", limit: nil, note: nil) }
    let whole = pool == nil ? "the set of servers" : "pool \(poolName)"
    let members = (input.needed["servers"] ?? []).filter { belongs($0) }
    if members.isEmpty { return .waiting(reason: "WaitingForServer", message: "\(whole) has no servers") }
    let allowed = members.filter { server in rules.allSatisfy { $0["type"] != "require" || matches(server, $0["selector"]) } }
    if allowed.isEmpty {
      return .waiting(reason: "WaitingForServer", message: "no server of \(whole) has the labels that the app's rules require")
    }
    let open = allowed.filter { accepts($0) }
    if open.isEmpty {
      let subject = allowed.count == 1 ? "its only server is" : "all \(allowed.count) servers are"
      return .waiting(
        reason: "ServerCordoned", message: "\(whole) takes no new apps: \(subject) cordoned (\(names(allowed.map { name($0) })))")
    }
    let load = self.load
    func used(_ server: Value) -> Int { load[server["uid"].string ?? ""] ?? 0 }
    let free = open.filter { server in server["spec"]["capacity"].int.map { used(server) < $0 } ?? true }
    func rank(_ server: Value) -> (Int, Int, String) {
      let liking = rules.reduce(0) { sum, rule in
        guard matches(server, rule["selector"]) else { return sum }
        let weight = rule["weight"].int ?? 10
        return rule["type"] == "prefer" ? sum + weight : rule["type"] == "avoid" ? sum - weight : sum
      }
      return (-liking, used(server), name(server))
    }
    if let best = free.min(by: { rank($0) < rank($1) }) { return placed(best, limited: true) }
    let closed = allowed.count - open.count
    return .waiting(
      reason: "PoolFull",
      message: "\(whole) is full: \(open.count) of \(allowed.count) servers \(open.count == 1 ? "is" : "are") at capacity"
        + (closed > 0 ? ", \(closed) cordoned" : "") + " (\(names(open.map { "\(name($0)): \(fullness($0, used($0)))" })))")
  }

  private func placeOnNamed() -> Result {
    guard let named else { return .waiting(reason: "WaitingForServer", message: "the server that the app names does not exist") }
    if named["uid"].string == current {
      return placed(
        named, limited: false, note: leaving(named) ? "server \(name(named)) is draining, but the app names it and stays" : nil)
    }
    if !accepts(named) {
      return .waiting(reason: "ServerCordoned", message: "server \(name(named)) is \(leaving(named) ? "draining" : "cordoned")")
    }
    let used = load[named["uid"].string ?? ""] ?? 0
    if let capacity = named["spec"]["capacity"].int, used >= capacity {
      return .waiting(reason: "ServerFull", message: "server \(name(named)) is full: \(fullness(named, used))")
    }
    return placed(named, limited: true)
  }

  // MARK: Parts

  private func placed(_ server: Value, limited: Bool, note: String? = nil) -> Result {
    let capacity = limited ? server["spec"]["capacity"].int : nil
    let limit = capacity.map { StatusLimit(kind: "App", field: "placedServer", value: server["uid"], atMost: $0) }
    return .placed(server: server["uid"].string.flatMap { UID($0) }, name: name(server), limit: limit, note: note)
  }

  private var named: Value? {
    guard let server, var entry = input.related[server], entry["deleting"].bool != true else { return nil }
    entry["uid"] = .string(server.description)
    return entry
  }

  private func tenants(of servers: [Value]) -> Need {
    Need("tenants", kind: "App", matches: [.init(.status, "placedServer", among: servers)])
  }

  /// Number of other apps on each server.
  private var load: [String: Int] {
    let own = Value.string(input.metadata.uid.description)
    let others = (input.needed["tenants"] ?? []).filter { $0["uid"] != own }
    return Dictionary(grouping: others, by: { $0["status"]["placedServer"].string ?? "" }).mapValues(\.count)
  }

  private var poolName: String { pool.flatMap { input.related[$0]?["name"].string } ?? "of the app" }
  private var selector: ObjectMap { pool.flatMap { input.related[$0]?["spec"]["labelSelector"].object } ?? ObjectMap() }

  /// The server may hold the app as far as its pool goes.
  private func belongs(_ server: Value) -> Bool {
    guard server["deleting"].bool != true else { return false }
    guard let pool else { return true }
    return server["spec"]["pool"].string == pool.description || !selector.isEmpty && matches(server, .object(selector))
  }

  private func matches(_ server: Value, _ selector: Value) -> Bool {
    let labels = server["spec"]["labels"]
    return (selector.object ?? ObjectMap()).allSatisfy { labels[$0.key] == $0.value }
  }

  private func name(_ server: Value) -> String { server["name"].string ?? "?" }
  private func leaving(_ server: Value) -> Bool { server["spec"]["draining"].bool ?? false }
  private func accepts(_ server: Value) -> Bool { (server["spec"]["schedulable"].bool ?? true) && !leaving(server) }
  private func fullness(_ server: Value, _ used: Int) -> String { "\(used) of \(server["spec"]["capacity"].int ?? 0) apps" }
  private func names(_ list: [String]) -> String {
    list.sorted().prefix(5).joined(separator: ", ") + (list.count > 5 ? ", …" : "")
  }
}
