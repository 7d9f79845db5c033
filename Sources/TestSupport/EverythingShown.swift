// Everything that a server shows or keeps, as texts: for tests that look for what must not be there.
import Core
import Foundation

extension CaseServer {
  /// Objects of these tenants are looked at with their histories and stories; the database whole.
  private static let mostObjects = 60

  /// The places and what stands there: native API, exports, events, metrics, the log, and the dump of the database.
  public func everything(tenants: [String], alsoKinds: Set<String> = [], named part: String = "") throws -> [(
    place: String, text: String
  )] {
    let http = CaseHTTP(port: port)
    var seen: [(place: String, text: String)] = []
    func get(_ target: String) throws -> Value {
      let response = try http.send(CaseRequest("GET", target, headers: [("Authorization", "Bearer \(token)")]))
      seen.append(("GET \(target)", response.description))
      return response.json
    }
    let kinds = try get("/plumb/v1/kinds")
    let names = (kinds["kinds"].list ?? kinds["items"].list ?? kinds.list ?? []).compactMap {
      $0["kind"].string ?? $0["name"].string
    }
    guard names.count > 20 else {
      throw Problem(.failure, code: "kinds", "There are hardly any kinds: \(JSON.text(kinds).prefix(300))")
    }
    for tenant in tenants {
      for kind in names {
        let list = try get("/plumb/v1/objects/\(kind)?tenant=\(tenant)&limit=500")
        for object in (list["items"].list ?? []).suffix(Self.mostObjects) {
          guard let plain = object["metadata"]["name"].string,
            let name = plain.addingPercentEncoding(withAllowedCharacters: .alphanumerics)
          else { continue }
          guard tenant != "root" || plain.contains(part) || alsoKinds.contains(kind) else { continue }
          for place in ["", "/history", "/events", "/why"] {
            _ = try get("/plumb/v1/objects/\(kind)/\(name)\(place)?tenant=\(tenant)")
          }
        }
      }
      for place in ["export", "events", "sets"] { _ = try get("/plumb/v1/\(place)?tenant=\(tenant)") }
    }
    _ = try get("/metrics")
    seen.append(("the server's log", log))
    seen.append(("the database", try dump()))
    return seen
  }

  /// All rows of all tables, by pg_dump.
  public func dump() throws -> String {
    let process = Process()
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("dump-\(UUID().uuidString).sql")
    defer { try? FileManager.default.removeItem(at: folder) }
    process.executableURL = URL(fileURLWithPath: "/usr/bin/pg_dump")
    process.arguments = ["-h", data.path + "/postgres", "-U", "plumb", "--data-only", "-f", folder.path, "postgres"]
    let errors = Pipe()
    process.standardError = errors
    try process.run()
    let said = errors.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw Problem(.failure, code: "pg_dump", String(decoding: said, as: UTF8.self))
    }
    return try String(contentsOf: folder, encoding: .utf8)
  }
}
