// plumb simulate, as a user runs it: no server, a timeline, a verdict.
import Core
import Foundation
import XCTest

final class SimulateTests: LiveTestCase {
  private static let pool = "apiVersion: deploy/v1\nkind: ServerPool\nmetadata: {name: eu}\nspec: {region: eu}\n"
  private static let server = "apiVersion: deploy/v1\nkind: Server\nmetadata: {name: s1}\nspec: {pool: eu, capacity: 2}\n"
  private static func app(_ name: String, replicas: Int = 2) -> String {
    "apiVersion: deploy/v1\nkind: App\nmetadata: {name: \(name)}\nspec: {command: [serve], pool: eu, replicas: \(replicas)}\n"
  }
  private static let shop = [pool, server, app("web"), app("cart", replicas: 1)].joined(separator: "---\n")

  private func file(_ text: String, _ name: String = "shop.yaml") throws -> String {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("plumb-simulate-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    addTeardownBlock { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appendingPathComponent(name)
    try text.write(to: path, atomically: true, encoding: .utf8)
    return path.path
  }

  func testManifestsGetThereWhateverFailsAndTheSameSeedSaysTheSame() throws {
    let path = try file(Self.shop)
    let one = try plumb("simulate", "-f", path, "--seed", "7", "--faults", "all")
    XCTAssertEqual(one.code, 0, one.out + one.error)
    XCTAssertTrue(one.out.contains("seed 7: "), one.out)
    XCTAssertTrue(one.out.contains("converged"), one.out)
    XCTAssertTrue(one.out.contains("App/web is ready"), one.out)
    let two = try plumb("simulate", "-f", path, "--seed", "7", "--faults", "all")
    XCTAssertEqual(one.out, two.out)
    let json = try plumb("simulate", "-f", path, "--seed", "7", "-o", "json")
    let value = try JSON.parse(json.out)
    XCTAssertEqual(value["converged"], true)
    XCTAssertEqual(value["sameWorld"], true)
    XCTAssertEqual(value["objects"]["App/web"]["running"], [0, 1])
    XCTAssertTrue((value["timeline"].list ?? []).contains { $0["sort"] == "fault" }, json.out)
    XCTAssertEqual(try plumb("simulate", "-f", path, "--seeds", "5", "--faults", "crash=30,steps").code, 0)
  }

  func testAChangeIsTriedOnWhatIsThere() throws {
    let base = try file(Self.shop)
    let next = try file([Self.pool, Self.server, Self.app("web", replicas: 3)].joined(separator: "---\n"))
    let run = try plumb("simulate", "-f", next, "--base", base, "--set", "shop", "--prune", "-o", "json", "--seed", "4")
    XCTAssertEqual(run.code, 0, run.out + run.error)
    let value = try JSON.parse(run.out)
    XCTAssertEqual(value["objects"]["App/web"]["running"], [0, 1, 2])
    XCTAssertTrue(value["objects"]["App/cart"].isNull, "what left the set is pruned")
  }

  /// More apps than the servers have room for: it is said which, and why.
  func testWhatCannotGetThereIsNamed() throws {
    let path = try file(Self.shop + "---\n" + Self.app("extra"))
    let run = try plumb("simulate", "-f", path, "--faults", "none")
    XCTAssertEqual(run.code, 8, run.out + run.error)
    XCTAssertTrue(run.out.contains("is not ready"), run.out)
    XCTAssertTrue(run.out.contains("replay with: plumb simulate -f \(path) --seed 1 --faults none"), run.out)
  }

  func testBadInputIsRefused() throws {
    let path = try file(Self.shop)
    XCTAssertEqual(try plumb("simulate", "-f", path, "--faults", "crush").code, 3)
    XCTAssertTrue(try plumb("simulate", "-f", path, "--faults", "crush").error.contains("Did you mean crash?"))
    XCTAssertEqual(try plumb("simulate", "-f", path, "--seed", "x").code, 3)
    let broken = try plumb("simulate", "-f", try file(Self.app("web")))
    XCTAssertEqual(broken.code, 3, broken.out + broken.error)
    XCTAssertTrue(broken.error.contains("shop.yaml:4"), broken.error)
  }
}
