// What the clients of the kill loop write, and a ledger of what was acknowledged to them.
import Core
import Foundation
import TestSupport
import XCTest

/// One thread applies versions of a set, another writes projects through the REST API; both stop when the server dies.
final class KillWorld: @unchecked Sendable {
  static let set = "kill-loop"
  private static let smallest = 20
  private static let largest = 50
  /// Every so many versions the set is applied by the command line, whose exit code is the acknowledgement.
  private static let commandEvery = 9
  /// Every so many versions the app `moving` changes, and so its process is replaced.
  private static let moveEvery = 3

  private let server: ServeProcess
  private let webhook: String
  private let random: SeededRandom
  private let ports: Int
  private let lock = NSLock()
  private var answers = 0
  private var stopping = false
  private var faults: [String] = []

  /// The version of the set that was acknowledged last, and the last one tried since.
  private var acknowledged = 0
  private var tried = 0
  private var projects: [String: Project] = [:]

  private struct Project {
    var uid = ""
    /// The description that was acknowledged last; nil while the project itself was not.
    var sure: String?
    /// Tried since, not acknowledged.
    var maybe: [String] = []
  }

  init(_ server: ServeProcess, webhook: String, random: SeededRandom) throws {
    self.server = server
    self.webhook = webhook
    self.random = random
    ports = try CaseSocket.freePorts(4)
  }

  var summary: String { "set version \(acknowledged) acknowledged of \(tried) tried, \(projects.count) projects" }

  /// The webhook, before the first project; the apps, running.
  func prepare() throws {
    let text = """
      apiVersion: platform/v1
      kind: Webhook
      metadata: {name: kills}
      spec: {url: "\(webhook)", objectTypes: [Project], maxFailures: 1000}
      """
    let answer = try server.client.apply("kill-webhook", text)
    XCTAssertEqual(answer.status, 200, answer.text)
    try applyLast()
    XCTAssertNil(try server.client.unready(Self.set, within: 60))
  }

  // MARK: Writing

  /// Writes from two threads until `count` answers came, then for `wait` microseconds more, then kills.
  func write(until count: Int, thenWait wait: UInt32, kill: () -> Void) {
    lock.withLock { (answers, stopping) = (0, false) }
    let client = server.client
    let group = DispatchGroup()
    for work in [applyVersions, writeProjects] {
      group.enter()
      Thread {
        work(client)
        group.leave()
      }.start()
    }
    let latest = Date(timeIntervalSinceNow: 20)
    while lock.withLock({ answers < count && faults.isEmpty }), Date() < latest { usleep(1_000) }
    usleep(wait)
    kill()
    lock.withLock { stopping = true }
    group.wait()
  }

  private var isStopping: Bool { lock.withLock { stopping } }

  /// Counts an answer; any but 2xx is a fault: the server may die, not refuse.
  private func took(_ answer: CaseResponse, _ what: String) -> Bool {
    lock.withLock {
      answers += 1
      if !(200..<300).contains(answer.status) { faults.append("\(what): \(answer.status) \(answer.text.prefix(300))") }
      return (200..<300).contains(answer.status)
    }
  }

  private func applyVersions(_ client: Client) {
    while !isStopping {
      let version = lock.withLock {
        tried += 1
        return tried
      }
      guard apply(version, client) else { return }
      usleep(UInt32(random.next() % 60_000))
    }
  }

  /// False when it is not known to have succeeded.
  private func apply(_ version: Int, _ client: Client) -> Bool {
    let text = manifests(version)
    if version % Self.commandEvery == 0 {
      let file = server.folder.appendingPathComponent("set.yaml").path
      guard (try? text.write(toFile: file, atomically: true, encoding: .utf8)) != nil,
        let ran = try? Child.run([CaseServer.binary.path, "apply", "-f", file, "--set", Self.set, "--data", server.data.path]),
        ran.status == 0
      else { return false }
      lock.withLock { answers += 1 }
    } else {
      guard let answer = try? client.apply(Self.set, text), took(answer, "apply") else { return false }
    }
    lock.withLock { acknowledged = version }
    return true
  }

  private func manifests(_ version: Int) -> String {
    var parts = (0..<size(version)).map { n in
      "apiVersion: deploy/v1\nkind: ServerPool\nmetadata: {name: pool-\(n)}\nspec: {region: v\(version), costCents: \(version)}\n"
    }
    let plumb = CaseServer.binary.path
    parts.append(
      """
      apiVersion: deploy/v1
      kind: App
      metadata: {name: steady}
      spec:
        command: ["\(plumb)", hello]
        port: \(ports)
        replicas: 2
      """)
    parts.append(
      """
      apiVersion: deploy/v1
      kind: App
      metadata: {name: moving}
      spec:
        command: ["\(plumb)", hello]
        port: \(ports + 2)
        env: {MOVED: "\(version / Self.moveEvery)"}
      """)
    return parts.joined(separator: "\n---\n")
  }

  private func size(_ version: Int) -> Int { min(Self.largest, Self.smallest + version / 2) }

  private func writeProjects(_ client: Client) {
    while !isStopping {
      let (choice, names) = lock.withLock { (random.next(), projects.filter { $0.value.sure != nil }.keys.sorted()) }
      let sent: Bool
      if names.isEmpty || choice % 3 == 0 {
        sent = create("p\(choice)", client)
      } else {
        sent = change(names[Int(choice / 3 % UInt64(names.count))], to: "d\(choice)", client)
      }
      if !sent { return }
      usleep(UInt32(random.next() % 60_000))
    }
  }

  private func create(_ name: String, _ client: Client) -> Bool {
    lock.withLock { projects[name] = Project(maybe: ["first"]) }
    let body: Value = ["name": .string(name), "slug": .string(name), "description": "first"]
    guard let answer = try? client.call("POST", "/deploy/api/projects", body), took(answer, "POST project") else { return false }
    lock.withLock { projects[name] = Project(uid: answer.json["id"].string ?? "", sure: "first") }
    return true
  }

  private func change(_ name: String, to text: String, _ client: Client) -> Bool {
    let uid = lock.withLock {
      projects[name]?.maybe.append(text)
      return projects[name]?.uid ?? ""
    }
    guard let answer = try? client.call("PATCH", "/deploy/api/projects/\(uid)", ["description": .string(text)]),
      took(answer, "PATCH project")
    else { return false }
    lock.withLock { projects[name] = Project(uid: uid, sure: text) }
    return true
  }

  /// A version that nobody interrupts.
  func applyLast() throws {
    tried += 1
    let answer = try server.client.apply(Self.set, manifests(tried))
    XCTAssertEqual(answer.status, 200, answer.text)
    acknowledged = tried
  }

  // MARK: Checking

  /// Compares what is stored with the ledger, and takes over what turned out to be stored.
  func check(_ note: String) throws {
    XCTAssertEqual(faults, [], "\(note): refused writes")
    let client = server.client
    let pools = try client.objects("ServerPool")
    let versions = Set(pools.map { $0["spec"]["region"].string ?? "" })
    XCTAssertEqual(versions.count, 1, "\(note): half a set is there: \(versions.sorted())")
    let version = pools.first?["spec"]["costCents"].int ?? 0
    XCTAssertTrue(
      (acknowledged...tried).contains(version),
      "\(note): version \(version) is stored; acknowledged \(acknowledged), tried \(tried)")
    XCTAssertEqual(pools.count, size(version), "\(note): objects of version \(version)")
    let moved = try client.objects("App").first { $0["metadata"]["name"] == "moving" }?["spec"]["env"]["MOVED"].string
    XCTAssertEqual(moved, "\(version / Self.moveEvery)", "\(note): the app of version \(version)")
    acknowledged = version
    let stored = Dictionary(
      try client.objects("Project").map { ($0["metadata"]["name"].string ?? "", $0) }, uniquingKeysWith: { first, _ in first })
    for (name, project) in projects {
      guard let found = stored[name] else {
        XCTAssertNil(project.sure, "\(note): project \(name) was acknowledged and is gone")
        projects[name] = nil
        continue
      }
      let text = found["spec"]["description"].string ?? ""
      XCTAssertTrue(
        ([project.sure].compactMap { $0 } + project.maybe).contains(text),
        "\(note): project \(name) says \(text); it should be \(project)")
      projects[name] = Project(uid: found["metadata"]["uid"].string ?? "", sure: text)
    }
    XCTAssertEqual(Set(stored.keys).subtracting(projects.keys), [], "\(note): projects that nobody made")
    XCTAssertEqual(ProcessScan.doubled(server.data.path), [], "\(note): replicas that run twice")
  }

  /// Exactly one process for each replica, each with what the last version says.
  func checkProcesses(_ note: String) {
    let running = ProcessScan.replicas(of: server.data.path)
    let names = running.map { "\($0.environment["PLUMB_APP"] ?? "")/\($0.environment["PLUMB_REPLICA"] ?? "")" }
    XCTAssertEqual(names.sorted(), ["moving/0", "steady/0", "steady/1"], "\(note): processes")
    let moved = running.first { $0.environment["PLUMB_APP"] == "moving" }?.environment["MOVED"]
    XCTAssertEqual(moved, "\(tried / Self.moveEvery)", "\(note): what the process of `moving` was started with")
  }
}
