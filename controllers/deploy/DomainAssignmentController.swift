// DomainAssignment: a hostname waits for its verified domain and for its app, and says for which.
import Core
import Kinds

public struct DomainAssignmentController: KindController {
  static let lookEvery: Duration = .seconds(60)
  static let resolvedLookEvery: Duration = .seconds(600)
  /// While it waits for another object it looks again this often, in case no change wakes it.
  static let waitLook: Duration = .seconds(15)
  private static let mostLabels = 127

  public let kind = "DomainAssignment"
  public init() {}

  public func observation(_ input: ReconcileInput) -> (service: String, operation: String, arguments: Value)? {
    guard !input.deleting, isDue(input) else { return nil }
    return ("dns", "address", ["name": .string(hostname(input))])
  }

  public func needs(_ input: ReconcileInput) -> [Need] {
    guard !input.deleting, input.spec["rootDomain"]?.string == nil else { return [] }
    return [
      Need("roots", kind: "RootDomain", matches: [.init(.spec, "name", among: suffixes(hostname(input)).map(Value.string))])
    ]
  }

  public func decide(_ input: ReconcileInput) -> Decision {
    if input.deleting { return Decision(status: input.status, finished: true) }
    var status = input.status.isNull ? .emptyObject : input.status
    var conditions = ConditionSet(input)
    let (root, domainMessage, domainReason) = domain(input)
    let (app, appMessage, appReason) = app(input)
    status["domain"] = root?["uid"] ?? .null
    let verified = domainReason == "Verified"
    let running = appReason == "AppReady"
    conditions.set("DomainVerified", verified ? .yes : .no, domainReason, domainMessage)
    conditions.set("AppReady", running ? .yes : .no, appReason, appMessage)
    readAddresses(input, &status, &conditions)
    let resolves = status["dnsStatus"] == "ok"
    status["routeStatus"] = verified && running ? "ready" : "pending"
    // Certificates are the business of the proxy in front; none is issued from here.
    status["certificateStatus"] = "none"
    status["live"] = .bool(verified && running && resolves)
    if verified && running {
      let target = app?["status"]["url"].string.map { " at \($0)" } ?? ""
      conditions.set("Ready", .yes, "Assigned", "\(hostname(input)) leads to app \(app?["name"].string ?? "?")\(target)")
    } else {
      let (reason, message) = verified ? (appReason, appMessage) : (domainReason, domainMessage)
      conditions.set("Ready", .no, reason, message)
      conditions.set("Progressing", .yes, reason, message)
    }
    status["conditions"] = conditions.value
    let next = status["nextLookAt"].timestamp.map { max($0 - input.now, .seconds(1)) } ?? Self.lookEvery
    if resolves { status["hasResolved"] = true }
    var decision = Decision(status: status, lookAgain: verified && running ? next : min(next, Self.waitLook))
    if !resolves, status["hasResolved"] == true { decision.drift = ["\(hostname(input)) does not resolve any more"] }
    return decision
  }

  // MARK: Parts

  /// The root domain, and what is to be said of it.
  private func domain(_ input: ReconcileInput) -> (Value?, String, String) {
    let host = hostname(input)
    var root: Value?
    if let uid = input.spec["rootDomain"]?.string.flatMap({ UID($0) }) {
      root = input.related[uid]
      root?["uid"] = .string(uid.description)
      guard let found = root else { return (nil, "its root domain does not exist", "WaitingForDomain") }
      let name = domainName(found)
      if host != name, !host.hasSuffix("." + name) {
        return (root, "\(host) is not below its root domain \(name)", "WrongDomain")
      }
    } else {
      let found = (input.needed["roots"] ?? []).filter { $0["deleting"].bool != true }
      root = found.max { domainName($0).count < domainName($1).count }
    }
    guard let root else { return (nil, "no root domain covers \(host): create a RootDomain for it", "WaitingForDomain") }
    return root["status"]["verified"] == true
      ? (root, "root domain \(domainName(root)) is verified", "Verified")
      : (root, "it waits for root domain \(domainName(root)) to be verified", "WaitingForDomain")
  }

  private func app(_ input: ReconcileInput) -> (Value?, String, String) {
    guard let uid = input.spec["app"]?.string.flatMap({ UID($0) }), let app = input.related[uid], app["deleting"].bool != true
    else {
      return (nil, "its app does not exist", "WaitingForApp")
    }
    let name = app["name"].string ?? "?"
    if app["ready"] == true {
      return app["status"]["phase"] == "Stopped"
        ? (app, "it waits for app \(name), which is stopped", "WaitingForApp") : (app, "app \(name) is ready", "AppReady")
    }
    let why = (app["status"]["conditions"].list ?? []).compactMap { Condition($0) }.first {
      $0.type == "Ready" && $0.truth != .yes
    }
    return (app, "it waits for app \(name)" + (why.map { ": \($0.message)" } ?? ""), "WaitingForApp")
  }

  /// Takes in what the name resolves to, if it was asked; the condition `DNS` says it either way.
  private func readAddresses(_ input: ReconcileInput, _ status: inout Value, _ conditions: inout ConditionSet) {
    let host = hostname(input)
    if isDue(input) {
      let addresses = input.world["records"].list ?? []
      status["addresses"] = .list(addresses)
      status["dnsStatus"] = addresses.isEmpty ? "pending" : "ok"
      status["dnsError"] = addresses.isEmpty ? input.world["error"]["message"] : .null
      status["answered"] = input.spec["retryRequest"] ?? .null
      status["nextLookAt"] = .string((input.now + (addresses.isEmpty ? Self.lookEvery : Self.resolvedLookEvery)).description)
    }
    if status["dnsStatus"] == "ok" {
      let text = (status["addresses"].list ?? []).compactMap(\.string).prefix(4).joined(separator: ", ")
      conditions.set("DNS", .yes, "Resolves", "\(host) resolves to \(text)")
    } else {
      conditions.set("DNS", .no, "DoesNotResolve", status["dnsError"].string ?? "\(host) has no address record")
    }
  }

  private func isDue(_ input: ReconcileInput) -> Bool {
    guard let next = input.status["nextLookAt"].timestamp, input.status["answered"] == input.spec["retryRequest"] ?? .null else {
      return true
    }
    return next <= input.now
  }

  private func hostname(_ input: ReconcileInput) -> String {
    let name = (input.spec["hostname"]?.string ?? input.metadata.name).lowercased()
    return name.hasPrefix("*.") ? String(name.dropFirst(2)) : name
  }

  private func domainName(_ root: Value) -> String { (root["spec"]["name"].string ?? root["name"].string ?? "").lowercased() }

  /// The name and every domain above it, longest first.
  private func suffixes(_ host: String) -> [String] {
    let labels = host.split(separator: ".").prefix(Self.mostLabels)
    return labels.indices.map { labels[$0...].joined(separator: ".") }
  }
}
