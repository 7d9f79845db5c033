// What the clients of a simulation want, and when: drawn from the seed before anything runs, so that two runs want the same.
import Core

struct Scenario: Sendable {
  /// Wishes come, and things fail, within this time.
  static let duration = Duration.seconds(30)
  static let pool = "main"
  static let channel = "letters"
  /// A pool that comes and goes, and servers that stand in it at times.
  static let side = "side"
  static let spares = ["x0", "x1"]

  var tenants: Int
  var replicas: Int
  /// Capacity of each server, by tenant; in sum enough for its apps.
  var servers: [[Int]]
  var lanes: [Lane]
  /// Commits pushed, and the plans that the subscriber moves to.
  var pushes: Int
  var moves: [Int]

  init(seed: UInt64) {
    let random = SeededRandom(seed: seed ^ 0x5ce7_a210)
    func draw(_ range: ClosedRange<Int>) -> Int { range.lowerBound + Int(random.next() % UInt64(range.count)) }
    let tenants = draw(1...2)
    let apps = draw(3...8)
    self.tenants = tenants
    replicas = draw(2...3)
    servers = (0..<tenants).map { _ in
      var capacities = [draw(1...4), draw(1...4)]
      capacities.append(max(1, apps - capacities[0] - capacities[1]))
      return capacities
    }
    var total = draw(10...40)
    lanes = (0..<apps).map { number in
      var wishes: [Action] = [.create(replicas: draw(1...3), pooled: draw(0...1) == 0)]
      var exists = true
      let share = min(total, draw(1...8))
      total -= share
      for _ in 0..<share {
        guard exists else {
          wishes.append(.create(replicas: draw(1...3), pooled: draw(0...1) == 0))
          exists = true
          continue
        }
        switch draw(0...7) {
        case 0, 1: wishes.append(.scale(draw(0...4)))
        case 2, 3: wishes.append(.env("v\(draw(0...999))"))
        case 4: wishes.append(.run(false))
        case 5: wishes.append(.run(true))
        case 6: wishes.append(.kill(index: draw(0...2)))
        default:
          wishes.append(.delete)
          exists = false
        }
      }
      return Lane(tenant: draw(0...tenants - 1), name: "app-\(number)", wishes: Self.timed(wishes, draw))
    }
    for tenant in 0..<tenants {
      for server in servers[tenant].indices where draw(0...2) == 0 {
        lanes.append(Lane(tenant: tenant, name: "s\(server)", wishes: Self.timed([.cordon(true), .cordon(false)], draw)))
      }
      let comes = (0..<draw(1...4)).map { Action.pool($0 % 2 == 0) }
      lanes.append(Lane(tenant: tenant, name: Self.side, wishes: Self.timed(comes, draw)))
      for spare in Self.spares {
        lanes.append(Lane(tenant: tenant, name: spare, wishes: Self.timed((0..<draw(1...4)).map { .join($0 % 2 == 0) }, draw)))
      }
      lanes.append(Lane(tenant: tenant, name: "letters", wishes: Self.timed(Array(repeating: .letter, count: draw(0...2)), draw)))
    }
    pushes = draw(1...6)
    lanes.append(Lane(tenant: 0, name: Surroundings.source, wishes: Self.timed((1...pushes).map { .push($0) }, draw)))
    moves = (0..<draw(1...3)).map { _ in draw(0...Surroundings.plans.count - 1) }
    lanes.append(Lane(tenant: 0, name: Surroundings.subscription, wishes: Self.timed(moves.map { .subscribe($0) }, draw)))
  }

  static func created(_ name: String, _ replicas: Int) -> ObjectMap {
    ["command": ["serve", .string(name)], "replicas": .int(replicas), "env": ["V": "0"]]
  }

  /// What there is to be once all wishes are granted: tenant number and name of each app → its fields.
  var desired: [String: ObjectMap] {
    var apps: [String: ObjectMap] = [:]
    for lane in lanes {
      let name = "\(lane.tenant)/\(lane.name)"
      for wish in lane.wishes {
        switch wish.action {
        case .create(let replicas, _):
          var fields = Self.created(lane.name, replicas)
          fields["running"] = true
          apps[name] = fields.sorted()
        case .scale(let replicas): apps[name]?["replicas"] = .int(replicas)
        case .env(let text): apps[name]?["env"] = ["V": .string(text)]
        case .run(let runs): apps[name]?["running"] = .bool(runs)
        case .delete: apps[name] = nil
        case .cordon, .kill, .letter, .pool, .join, .push, .subscribe: break
        }
      }
    }
    return apps
  }

  private typealias Action = Wish.Action
  private static func timed(_ actions: [Wish.Action], _ draw: (ClosedRange<Int>) -> Int) -> [Wish] {
    let times = actions.map { _ in draw(0...duration.microseconds / 1000) }.sorted()
    return zip(times, actions).map { Wish(at: .milliseconds($0), action: $1) }
  }
}
