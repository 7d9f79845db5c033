// What clients of a soak were promised: projects made and changed through whatever replica answers, a set, and two processes.
import Core
import Foundation
import TestSupport
import XCTest

final class SoakLedger: @unchecked Sendable {
  private static let writers = 2
  private static let set = "soak"

  private let servers: [ServeProcess]
  private let webhook: String
  private let seed: UInt64
  private let ports: Int
  private let lock = NSLock()
  private let group = DispatchGroup()
  private var stopping = false
  private var projects: [String: Project] = [:]
  private var sets = (sure: 0, tried: 0)
  /// Versions of the set that were tried and not answered: each may have happened, or may happen late.
  private var openSets: Set<Int> = []
  private var faults: [String] = []
  private var answers = 0

  private struct Project {
    var uid = ""
    /// Acknowledged last; nil while the project itself was not.
    var sure: String?
    /// Tried since, and not acknowledged.
    var maybe: [String] = []
  }

  init(_ servers: [ServeProcess], webhook: String, seed: UInt64) throws {
    self.servers = servers
    self.webhook = webhook
    self.seed = seed
    ports = try CaseSocket.freePorts(2)
  }

  var summary: String {
    lock.withLock {
      "\(answers) answers, \(projects.values.filter { $0.sure != nil }.count) projects, set version \(sets.sure) of \(sets.tried)"
    }
  }

  func prepare() throws {
    let text = """
      apiVersion: platform/v1
      kind: Webhook
      metadata: {name: soak}
      spec: {url: "\(webhook)", objectTypes: [Project], events: [project.created], maxFailures: 1000}
      ---
      apiVersion: deploy/v1
      kind: App
      metadata: {name: steady}
      spec: {command: ["\(CaseServer.binary.path)", hello], port: \(ports), replicas: 2}
      """
    let answer = try servers[0].client.apply("soak-base", text)
    XCTAssertEqual(answer.status, 200, answer.text)
    XCTAssertNil(try servers[0].client.unready("soak-base", within: 120))
  }

  func begin() {
    for writer in 0..<Self.writers {
      group.enter()
      Thread { [self] in
        write(SeededRandom(seed: seed &+ UInt64(writer)), writer)
        group.leave()
      }.start()
    }
  }

  func end() {
    lock.withLock { stopping = true }
    group.wait()
  }

  private func write(_ random: SeededRandom, _ writer: Int) {
    var number = 0
    while !lock.withLock({ stopping }) {
      number += 1
      let client = servers[Int(random.next() % UInt64(servers.count))].client
      let mine = lock.withLock { projects.filter { $0.key.hasPrefix("w\(writer)-") && $0.value.sure != nil }.keys.sorted() }
      if writer == 0, random.next() % 5 == 0 {
        apply(client)
      } else if mine.isEmpty || random.next() % 2 == 0 {
        create("w\(writer)-\(number)", client)
      } else {
        change(mine[Int(random.next() % UInt64(mine.count))], to: "d\(number)", client)
      }
      usleep(UInt32(random.next() % 30_000))
    }
  }

  /// True for 2xx; a refusal that is the client's fault is ours.
  private func took(_ answer: CaseResponse?, _ what: String) -> Bool {
    guard let answer else { return false }
    return lock.withLock {
      answers += 1
      if (400..<500).contains(answer.status), ![408, 409, 412, 429].contains(answer.status) {
        faults.append("\(what): \(answer.status) \(answer.text.prefix(300))")
      }
      return (200..<300).contains(answer.status)
    }
  }

  private func create(_ name: String, _ client: Client) {
    lock.withLock { projects[name] = Project(maybe: ["first"]) }
    let answer = try? client.call(
      "POST", "/deploy/api/projects", ["name": .string(name), "slug": .string(name), "description": "first"])
    guard took(answer, "POST project") else { return }
    lock.withLock { projects[name] = Project(uid: answer?.json["id"].string ?? "", sure: "first") }
  }

  private func change(_ name: String, to text: String, _ client: Client) {
    let uid = lock.withLock { () -> String in
      projects[name]?.maybe.append(text)
      return projects[name]?.uid ?? ""
    }
    let answer = try? client.call("PATCH", "/deploy/api/projects/\(uid)", ["description": .string(text)])
    guard took(answer, "PATCH project") else { return }
    // What was tried before and not answered came before: one write of a client is on its way at a time, but an old one may still arrive.
    lock.withLock { projects[name] = Project(uid: uid, sure: text, maybe: projects[name]?.maybe ?? []) }
  }

  private func apply(_ client: Client) {
    let version = lock.withLock { () -> Int in
      sets.tried += 1
      openSets.insert(sets.tried)
      return sets.tried
    }
    guard took(try? client.apply(Self.set, Self.manifests(version)), "apply") else { return }
    lock.withLock {
      sets.sure = version
      openSets.remove(version)
    }
  }

  private static func manifests(_ version: Int) -> String {
    (0..<10).map {
      "apiVersion: deploy/v1\nkind: ServerPool\nmetadata: {name: pool-\($0)}\nspec: {region: v\(version), costCents: \(version)}\n"
    }
    .joined(separator: "---\n")
  }

  // MARK: Checking

  func check(_ note: String, within seconds: Double) throws {
    XCTAssertEqual(faults, [], "\(note): refused writes")
    let client = servers[0].client
    XCTAssertNil(try client.unready("soak-base", within: seconds), "\(note): not ready")
    let pools = try client.objects("ServerPool")
    let versions = Set(pools.map { $0["spec"]["costCents"].int ?? 0 })
    XCTAssertLessThanOrEqual(versions.count, 1, "\(note): half a set is there: \(versions.sorted())")
    let version = versions.first ?? 0
    XCTAssertTrue(
      version == sets.sure || openSets.contains(version),
      "\(note): set version \(version) is stored; \(sets), open \(openSets.sorted())")
    var stored: [String: String] = [:]
    var cursor: String?
    repeat {
      let page = try client.must("GET", "/plumb/v1/objects/Project?limit=500" + (cursor.map { "&cursor=\($0)" } ?? ""))
      for item in page["items"].list ?? [] {
        stored[item["metadata"]["name"].string ?? ""] = item["spec"]["description"].string ?? ""
      }
      cursor = page["cursor"].string
    } while cursor != nil
    for (name, project) in projects {
      guard let text = stored[name] else {
        XCTAssertNil(project.sure, "\(note): project \(name) was acknowledged and is gone")
        continue
      }
      XCTAssertTrue(
        ([project.sure].compactMap { $0 } + project.maybe).contains(text), "\(note): project \(name) says \(text): \(project)")
    }
    XCTAssertEqual(Set(stored.keys).subtracting(projects.keys), [], "\(note): projects that nobody made")
  }

  /// Each project that was acknowledged was told to the webhook: at least once, as its class says, by one event.
  func checkDeliveries(_ receiver: CaseReceiver, _ note: String, within seconds: Double) throws {
    let sure = Set(projects.values.filter { $0.sure != nil }.map(\.uid))
    let path = URL(string: webhook)?.path ?? "/"
    let end = Date(timeIntervalSinceNow: seconds)
    var missing = sure
    while Date() < end {
      let texts = receiver.requests(to: path).map { $0["text"].string ?? "" }
      missing = sure.filter { uid in !texts.contains { $0.contains(uid) } }
      if missing.isEmpty { return }
      usleep(500_000)
    }
    XCTAssertEqual(missing.sorted(), [], "\(note): projects that no webhook told of")
  }
}
