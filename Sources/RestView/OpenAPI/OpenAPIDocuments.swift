// The families' OpenAPI documents, written when they are first asked for and kept as bytes.
import Core
import Foundation
import Kinds

final class OpenAPIDocuments: @unchecked Sendable {
  private let table: RouteTable
  private let catalog: KindCatalog
  private let lock = NSLock()
  private var written: [String: [UInt8]] = [:]

  init(table: RouteTable, catalog: KindCatalog) {
    self.table = table
    self.catalog = catalog
  }

  /// Nil for a family without routes.
  func bytes(family name: String) -> [UInt8]? {
    if let known = lock.withLock({ written[name] }) { return known }
    guard let mount = table.mounts.first(where: { $0.family.spec.name == name }) else { return nil }
    let routes = table.routes.filter { $0.spec.family == name }
    let bytes = JSON.write(OpenAPIWriter(family: mount.family, routes: routes, catalog: catalog).document())
    lock.withLock { written[name] = bytes }
    return bytes
  }
}
