// The database itself, read with psql: what a test believes is what is stored.
import Core
import Foundation
import XCTest

struct Database {
  /// A libpq connection string.
  var address: String

  init(address: String) { self.address = address }
  /// The private PostgreSQL of a data directory with a short path.
  init(of data: URL) { address = "host='\(data.path)/postgres' user=plumb dbname=postgres" }

  /// Rows of columns, as text. Throws Problem with what psql said.
  func rows(_ sql: String) throws -> [[String]] {
    let (status, output) = try Child.run(
      [
        "/usr/bin/psql", "-X", "-q", "-At", "-F", "\u{1f}", "-v", "ON_ERROR_STOP=1", address, "-c", "SET search_path TO plumb",
        "-c", sql,
      ])
    guard status == 0 else { throw Problem(.failure, code: "psql", "\(sql): \(output)") }
    return output.split(separator: "\n").map { $0.split(separator: "\u{1f}", omittingEmptySubsequences: false).map(String.init) }
  }

  /// The change feed of every tenant: positions without gaps up to the head, times and each object's versions never going back.
  func checkFeed(file: StaticString = #filePath, line: UInt = #line) throws {
    let gaps = try rows(
      """
      SELECT h.tenant, h.pos, h.floor, count(c.pos), min(c.pos), max(c.pos) FROM head h LEFT JOIN change c ON c.tenant = h.tenant
      GROUP BY h.tenant HAVING h.pos - h.floor <> count(c.pos) OR max(c.pos) <> h.pos
      """)
    XCTAssertEqual(gaps, [], "tenant, head, floor, changes, first, last: positions are missing", file: file, line: line)
    let turned = try rows(
      """
      SELECT * FROM (SELECT tenant, pos, uid, version, at, lag(version) OVER (PARTITION BY tenant, uid ORDER BY pos) AS before,
        lag(at) OVER (PARTITION BY tenant ORDER BY pos) AS earlier FROM change) c WHERE before > version OR earlier > at LIMIT 5
      """)
    XCTAssertEqual(turned, [], "the feed goes back", file: file, line: line)
  }
}
