// How the client finds its server: flags, environment, data directory.
import Core
import XCTest

@testable import PlumbCommand

final class ServerAddressTests: XCTestCase {
  private func find(_ words: [String], _ environment: [String: String] = [:]) throws -> ServerAddress {
    let verb = Verb(name: "try", summary: "For tests.", usesServer: true) { _, _ in .done }
    return try ServerAddress.find(Arguments(words, of: verb)) { environment[$0] }
  }

  func testTheEnvironment() throws {
    XCTAssertEqual(
      try find([], ["PLUMB_URL": "https://plumb.example.com", "PLUMB_TOKEN": "t"]),
      ServerAddress(url: "https://plumb.example.com", token: "t"))
    XCTAssertThrowsError(try find([], ["PLUMB_URL": "http://x"])) { XCTAssertEqual(($0 as? Problem)?.category, .unauthenticated) }
    XCTAssertEqual(try find(["--url", "http://a:1"], ["PLUMB_URL": "http://b", "PLUMB_TOKEN": "t"]).url, "http://a:1")
  }

  func testADataDirectory() throws {
    let folder = try TemporaryFolder()
    try folder.write("server.json", "{\"url\": \"http://127.0.0.1:8420\", \"pid\": \(getpid())}")
    XCTAssertThrowsError(try find(["--data", folder.path])) { XCTAssertEqual(($0 as? Problem)?.code, "no_token") }
    try folder.write("admin-token", "lsk_abc\n")
    XCTAssertEqual(try find(["--data", folder.path]), ServerAddress(url: "http://127.0.0.1:8420", token: "lsk_abc"))
    XCTAssertEqual(try find(["--data", folder.path], ["PLUMB_URL": "http://x", "PLUMB_TOKEN": "mine"]).token, "mine")
    XCTAssertEqual(try find(["--data", folder.path], ["PLUMB_URL": "http://x"]).url, "http://127.0.0.1:8420")
  }

  func testTheHomeDirectoryIsLast() throws {
    let folder = try TemporaryFolder()
    try folder.write(".plumb/server.json", "{\"url\": \"unix:/tmp/s\"}")
    try folder.write(".plumb/admin-token", "t")
    XCTAssertEqual(try find([], ["HOME": folder.path]).url, "unix:/tmp/s")
  }

  func testAServerThatIsGone() throws {
    let folder = try TemporaryFolder()
    try folder.write("server.json", "{\"url\": \"http://127.0.0.1:1\", \"pid\": 2147483600}")
    XCTAssertThrowsError(try find(["--data", folder.path])) { XCTAssert("\($0)".contains("is not running"), "\($0)") }
    try folder.write("server.json", "broken")
    XCTAssertThrowsError(try find(["--data", folder.path]))
  }

  func testAddressesThatAreNone() {
    for url in ["http://", "http://a:b", "http://a:70000", "http://user@host", "http://a/path", ""] {
      XCTAssertThrowsError(try ServerAddress(url: url, token: "t").transport(), url)
    }
    for url in ["http://a", "http://[::1]:80", "a:1", "https://a", "unix:/s"] {
      XCTAssertNoThrow(try ServerAddress(url: url, token: "t").transport(), url)
    }
  }
}
