// Event streams, on a route of the tests' own: resume by position, only what the route names.
import Core
import Foundation
import HTTPServer
import KindLoading
import Kinds
import XCTest

@testable import RestView

final class WatchTests: XCTestCase {
  private final class Sink: HTTPStreamSink, @unchecked Sendable {
    private let lock = NSLock()
    private var bytes: [UInt8] = []
    private var closed = false
    func write(_ more: [UInt8]) async throws {
      if isClosed { throw HTTPStreamClosed() }
      lock.withLock { bytes += more }
    }
    var isClosed: Bool { lock.withLock { closed } }
    func onTermination(_ action: @escaping @Sendable () -> Void) {}
    func close() { lock.withLock { closed = true } }
    var text: String { lock.withLock { String(decoding: bytes, as: UTF8.self) } }
  }

  func testAStreamTellsChangesAndResumes() async throws {
    try await withWorld { world in
      var route = RouteSpec(
        family: "deploy", id: "test.watch", method: "GET", path: [.literal("watch")], verb: .watch, kind: "App", home: "App",
        auth: "bearer")
      route.needs = ["tenant", "read"]
      let known = try RestWorld.catalog.get()
      let catalog = KindCatalog(
        kinds: known.kinds, families: known.families, routes: known.routes + [route], views: known.views, digest: known.digest)
      let handler = world.handler(catalog: catalog)
      func stream(_ headers: HTTPHeaders, until done: @escaping (String) -> Bool) async throws -> String {
        var headers = headers
        headers.add("Authorization", "Bearer \(world.key)")
        headers.add("X-Tenant-ID", world.tenant.description)
        let response = await handler.handle(HTTPRequest(method: "GET", target: "/deploy/api/watch", headers: headers))
        XCTAssertEqual(response.headers["Content-Type"], "text/event-stream")
        guard case .stream(let run) = response.body else {
          XCTFail("no stream")
          return ""
        }
        let sink = Sink()
        let task = Task { try? await run(HTTPStreamWriter(sink)) }
        _ = await world.call(
          "POST", "/deploy/api/apps", ["name": .string("App \(UInt32.random(in: 0...UInt32.max))"), "command": ["x"]])
        _ = await world.call("POST", "/deploy/api/projects", ["name": .string("P \(UInt32.random(in: 0...UInt32.max))")])
        let deadline = Date().addingTimeInterval(10)
        while !done(sink.text), Date() < deadline { try await Task.sleep(for: .milliseconds(20)) }
        sink.close()
        task.cancel()
        return sink.text
      }
      let first = try await stream([:]) { $0.contains("app.created") }
      XCTAssertTrue(first.contains("event: app.created"), first)
      XCTAssertFalse(first.contains("project.created"))
      let id = try XCTUnwrap(first.split(separator: "\n").first { $0.hasPrefix("id: ") }?.dropFirst(4))
      let before = String((Int(id) ?? 1) - 1)
      let resumed = try await stream(["Last-Event-ID": before]) { $0.components(separatedBy: "app.created").count > 2 }
      XCTAssertTrue(resumed.contains("id: \(id)\n"), resumed)
      let bad = await handler.handle(
        HTTPRequest(
          method: "GET", target: "/deploy/api/watch",
          headers: ["Authorization": "Bearer \(world.key)", "X-Tenant-ID": world.tenant.description, "Last-Event-ID": "x"]))
      XCTAssertEqual(bad.status, 400)
    }
  }
}
