// Runs every case file against a real server, and checks that the cases cover what is documented.
import Core
import Foundation
import TestSupport
import XCTest

/// One run of all case files, shared by the tests of this bundle.
enum CaseSuite {
  struct Outcome: Sendable {
    var runner: CaseRunner
    var cases: Int
    var failures: [CaseFailure]
  }

  /// `PLUMB_CASES` (a part of the path or name) narrows the run while one writes cases.
  static let filter = ProcessInfo.processInfo.environment["PLUMB_CASES"]

  static let outcome: Result<Outcome, any Error> = Result {
    let runner = try CaseRunner()
    atexit { if case .success(let outcome) = CaseSuite.outcome { outcome.runner.stop() } }
    let cases = try CaseReader.cases(below: RouteTable.specs).filter { spec in
      filter.map { spec.file.contains($0) || spec.name.contains($0) } ?? true
    }
    return Outcome(runner: runner, cases: cases.count, failures: cases.compactMap { runner.run($0) })
  }
}

final class CaseTests: XCTestCase {
  func testDeployCasesHold() throws { try check("specs/deploy/") }
  func testBackendCasesHold() throws { try check("specs/backend/") }
  func testPlatformCasesHold() throws { try check("specs/platform/") }
  func testChargingCasesHold() throws { try check("specs/charging/") }

  private func check(_ prefix: String) throws {
    let outcome = try CaseSuite.outcome.get()
    XCTAssertGreaterThan(outcome.cases, 0)
    for failure in outcome.failures where failure.file.hasPrefix(prefix) { XCTFail("\n\(failure)") }
  }

  func testEveryOperationAndEveryDocumentedAnswerHasACase() throws {
    try XCTSkipIf(CaseSuite.filter != nil, "Only some cases ran.")
    let calls = try CaseSuite.outcome.get().runner.calls
    let routes = try RouteTable.routes()
    var seen: [String: Set<Int>] = [:]
    for call in calls {
      if let route = DeclaredRoute.route(of: call.request.method, call.request.target, in: routes) {
        seen[route.id, default: []].insert(call.status)
      }
    }
    for route in routes {
      guard let documented = DocumentedStatuses.table[route.id] else {
        XCTFail("\(route.id) is declared in specs/\(route.family), but its documented answers are not in DocumentedStatuses.")
        continue
      }
      var wanted = documented.isEmpty ? [200] : documented
      if let absent = DocumentedStatuses.absent[route.id] {
        wanted = wanted.map { $0 == absent.documented ? absent.instead : $0 }
      }
      let missing = Set(wanted).subtracting(seen[route.id] ?? [])
      XCTAssertTrue(missing.isEmpty, "\(route.id) (\(route.method) \(route.path)): no case shows \(missing.sorted())")
    }
  }

  func testTheOpenAPIDocumentsNameEveryOperation() throws {
    let runner = try CaseSuite.outcome.get().runner
    for (family, base) in [("deploy", "/deploy/api"), ("backend", "/backend"), ("charging", "/charging")] {
      let document = try runner.http.send(CaseRequest("GET", base + "/openapi.json")).json
      let named = Set(
        (document["paths"].object ?? [:]).flatMap { _, item in (item.object ?? [:]).compactMap { $0.value["operationId"].string }
        })
      let declared = Set(try RouteTable.routes().filter { $0.family == family }.map(\.id))
      XCTAssertEqual(declared.subtracting(named), [], "not in \(base)/openapi.json")
    }
  }
}
