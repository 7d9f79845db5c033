// Figures for Prometheus: requests by route and status, work, statements, memory.
import Core
import Foundation
import Ports
import PostgresStore
import Reconciling
import RestView

struct Metrics: Sendable {
  let rest: RestHandler
  let worker: Worker?
  let drift: DriftTally?
  let store: any StorePort
  let standby: Standby?
  let startedAt: Timestamp
  let clock: any Clock

  func text() async -> String {
    var out = ""
    func metric(_ name: String, _ kind: String, _ help: String, _ samples: [(String, Double)]) {
      out += "# HELP \(name) \(help)\n# TYPE \(name) \(kind)\n"
      for (labels, value) in samples { out += "\(name)\(labels) \(value == value.rounded() ? String(Int(value)) : "\(value)")\n" }
    }
    metric("plumb_up_seconds", "gauge", "Time since the start.", [("", (clock.now() - startedAt).inSeconds.rounded())])
    metric("plumb_statements_total", "counter", "Statements sent to PostgreSQL.", [("", Double(store.statementCount))])
    metric("plumb_shards_held", "gauge", "Shards whose work this replica does.", [("", Double(worker?.heldShards ?? 0))])
    metric("plumb_resident_bytes", "gauge", "Resident memory.", [("", Double(Self.residentBytes()))])
    if let standby {
      // Without an answer of the standby there is no sample, and reads go to the primary.
      metric(
        "plumb_standby_staleness_seconds", "gauge", "How far the standby may be behind.",
        standby.staleness.map { [("", $0.inSeconds)] } ?? [])
    }
    let routes = rest.routeCounts()
    metric(
      "plumb_requests_total", "counter", "Requests answered.",
      routes.flatMap { route in
        route.statuses.sorted { $0.key < $1.key }.map { status, count in
          (
            "{family=\"\(Self.escape(route.family))\",route=\"\(Self.escape(route.route))\",status=\"\(status)xx\"}",
            Double(count)
          )
        }
      })
    metric(
      "plumb_drift_total", "counter", "Objects met whose world was not as it was made, by kind and what became of it.",
      (drift?.counts ?? [:]).sorted { ($0.key.kind, $0.key.action) < ($1.key.kind, $1.key.action) }.map {
        ("{kind=\"\(Self.escape($0.key.kind))\",action=\"\($0.key.action)\"}", Double($0.value))
      })
    let cache = rest.cacheCounts
    metric("plumb_view_cache_hits_total", "counter", "Views answered from memory.", [("", Double(cache.hits))])
    metric("plumb_view_cache_bytes", "gauge", "Bytes of rendered views kept.", [("", Double(cache.bytes))])
    return out
  }

  static func escape(_ text: String) -> String {
    text.replacingOccurrences(of: "\\", with: "\\\\").replacingOccurrences(of: "\"", with: "\\\"").replacingOccurrences(
      of: "\n", with: "\\n")
  }

  static func residentBytes() -> Int {
    guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return 0 }
    let pages = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
  }
}
