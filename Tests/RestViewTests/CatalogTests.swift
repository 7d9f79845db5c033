// The specs of the checkout can be served, and their OpenAPI documents say what is served.
import Controllers
import Core
import XCTest

@testable import RestView

final class CatalogTests: XCTestCase {
  func testEveryRouteOfTheSpecsCanBeServed() throws {
    let problems = RouteChecker.check(try RestWorld.catalog.get(), handlers: RestWorld.real)
    XCTAssertTrue(problems.isEmpty, problems.map(\.description).joined(separator: "\n"))
  }

  func testOpenAPINamesEveryOperation() throws {
    let catalog = try RestWorld.catalog.get()
    let table = RouteTable(catalog: catalog, handlers: HandlerNames(StandardHandlers.all() + RestWorld.real), version: "1")
    let documents = OpenAPIDocuments(table: table, catalog: catalog)
    for family in ["deploy", "backend"] {
      let document = try JSON.parse(XCTUnwrap(documents.bytes(family: family)))
      XCTAssertEqual(document["openapi"].string, "3.1.0")
      var operations: Set<String> = []
      var shapes: Set<String> = []
      for (path, item) in document["paths"].object ?? [:] {
        let shape = path.split(separator: "/").map { $0.hasPrefix("{") ? "{}" : $0 }.joined(separator: "/")
        XCTAssertTrue(shapes.insert(shape).inserted, "\(path) stands under two names")
        for (method, operation) in item.object ?? [:] where method != "servers" {
          operations.insert(operation["operationId"].string ?? "")
          let names = (operation["parameters"].list ?? []).filter { $0["in"].string == "path" }.compactMap { $0["name"].string }
          let placeholders = path.split(separator: "/").filter { $0.hasPrefix("{") }.map { String($0.dropFirst().dropLast()) }
          XCTAssertEqual(names, placeholders, "\(method) \(path)")
          XCTAssertFalse(operation["responses"].object?.isEmpty ?? true)
        }
      }
      XCTAssertEqual(operations, Set(catalog.routes.filter { $0.family == family }.map(\.id)))
    }
  }
}
