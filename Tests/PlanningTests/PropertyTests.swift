// For random worlds and random sets: applying twice changes nothing, order does not matter, and what was asked is there.
import Core
import Ports
import XCTest

@testable import Planning

final class PropertyTests: XCTestCase {
  static let seeds: ClosedRange<UInt64> = 1...150

  private struct Generator {
    let random: SeededRandom
    func pick(_ n: Int) -> Int { Int(random.next() % UInt64(n)) }

    func set(_ h: PlannerHarness) -> [Intent] {
      var intents: [Intent] = []
      for n in 0..<3 where pick(3) > 0 {
        intents.append(Intent(.apply, h.key("Project", "p\(n)"), fields: pick(2) == 0 ? [:] : ["title": .string("t\(pick(3))")]))
      }
      let projects = intents.map { intent -> String in if case .key(let key) = intent.target { key.name } else { "" } }
      for n in 0..<5 where pick(3) > 0 {
        var fields: ObjectMap = ["port": .int(1000 + n)]
        if !projects.isEmpty, pick(2) == 0 { fields["project"] = .string(projects[pick(projects.count)]) }
        if pick(2) == 0 { fields["env"] = .object(ObjectMap((0..<pick(4)).map { ("K\($0)", .string("\(pick(3))")) })) }
        if pick(3) == 0 { fields["health"] = pick(2) == 0 ? ["path": "/"] : ["path": "/h", "seconds": .int(pick(9))] }
        if pick(3) == 0 { fields["replicas"] = .int(pick(9)) }
        intents.append(Intent(.apply, h.key("App", "a\(n)"), fields: fields))
      }
      return intents
    }
  }

  func testApplyIsIdempotentConvergentAndOrderless() throws {
    for seed in Self.seeds {
      let h = try PlannerHarness()
      let generator = Generator(random: SeededRandom(seed: seed))
      for step in 0..<4 {
        let set = generator.set(h)
        let plan = h.apply(set)
        XCTAssertEqual(plan.problems, [], "seed \(seed), step \(step)")
        for intent in set {
          guard case .key(let key) = intent.target, let object = h.object(key.kind, key.name) else {
            return XCTFail("seed \(seed): not there")
          }
          for (name, value) in intent.fields where name != "project" && name != "health" && value != .object([:]) {
            XCTAssertEqual(object.spec[name], value, "seed \(seed), step \(step), \(name)")
          }
        }
        let again = h.apply(set.reversed())
        XCTAssert(again.commit.writes.isEmpty, "seed \(seed), step \(step): \(again.items.flatMap(\.changes))")
      }
    }
  }

  func testGroupsComeAfterWhatTheyPointTo() {
    for seed in Self.seeds {
      let random = SeededRandom(seed: seed)
      let count = 1 + Int(random.next() % 12)
      let edges = (0..<count).map { _ in (0..<Int(random.next() % 4)).map { _ in Int(random.next() % UInt64(count)) } }
      let groups = DependencyOrder.groups(count: count, edges: edges)
      XCTAssertEqual(groups.flatMap { $0 }.sorted(), Array(0..<count), "seed \(seed)")
      var position = Array(repeating: 0, count: count)
      for (at, group) in groups.enumerated() { for node in group { position[node] = at } }
      for (node, targets) in edges.enumerated() {
        for target in targets { XCTAssertLessThanOrEqual(position[target], position[node], "seed \(seed)") }
      }
    }
  }
}
