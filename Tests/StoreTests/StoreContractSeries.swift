// The contract: series, tallies, and objects in groups.
import Core
import Kinds
import Ports
import XCTest

extension StoreContract {
  private static func point(_ second: Int, _ channel: Int, _ value: Double, mark: Bool = false) -> SeriesPoint {
    SeriesPoint(at: Timestamp(microseconds: second * 1_000_000), channel: channel, value: value, mark: mark)
  }

  private static func hour(_ number: Int) -> Timestamp { Timestamp(microseconds: number * 3_600_000_000) }

  private static func write(_ store: any StorePort, _ change: (inout Commit) -> Void) async throws {
    var commit = Commit(origin: Fixture.origin)
    change(&commit)
    _ = try await store.commit(commit)
  }

  static let series: [StoreCase] = [
    StoreCase(name: "points are kept once by time and channel, in order, for their owner and tenant alone") { store in
      let apps = [Fixture.app("a"), Fixture.app("b")]
      _ = try await store.commit(Fixture.create(apps))
      let (a, b) = (apps[0].uid, apps[1].uid)
      try await write(store) { commit in
        commit.series = [
          SeriesWrite(tenant: Fixture.tenant, owner: a, points: [point(20, 1, 2.5), point(10, 32_000, -1e-300, mark: true)]),
          SeriesWrite(tenant: Fixture.tenant, owner: b, points: [point(10, 1, 7)]),
        ]
      }
      try await write(store) { commit in
        commit.series = [
          SeriesWrite(tenant: Fixture.tenant, owner: a, points: [point(20, 1, 3), point(10, 1, 1e300), point(-5, 1, 0.1)])
        ]
      }
      var read = try await store.series(tenant: Fixture.tenant, owners: [b, a, Fixture.uid()])
      XCTAssertEqual(
        read[a], [point(-5, 1, 0.1), point(10, 1, 1e300), point(10, 32_000, -1e-300, mark: true), point(20, 1, 3)])
      XCTAssertEqual(read[b], [point(10, 1, 7)])
      XCTAssertEqual(read.count, 2)
      let foreign = try await store.series(tenant: Fixture.other, owners: [a, b])
      XCTAssertTrue(foreign.isEmpty)
      try await write(store) { commit in
        commit.series = [SeriesWrite(tenant: Fixture.tenant, owner: a, replaces: true, points: [point(1, 2, 3)])]
      }
      read = try await store.series(tenant: Fixture.tenant, owners: [a])
      XCTAssertEqual(read, [a: [point(1, 2, 3)]])
    },
    StoreCase(name: "a refused commit leaves no points") { store in
      let app = Fixture.app("a")
      _ = try await store.commit(Fixture.create(app))
      do {
        try await write(store) { commit in
          commit.series = [SeriesWrite(tenant: Fixture.tenant, owner: app.uid, points: [point(1, 1, 1)])]
          commit.pins = [.version(tenant: Fixture.tenant, uid: app.uid, 77)]
        }
        XCTFail("the pin does not hold")
      } catch is CommitFailure {}
      let read = try await store.series(tenant: Fixture.tenant, owners: [app.uid])
      XCTAssertTrue(read.isEmpty)
    },
    StoreCase(name: "tallies are summed by part and hour, and an owner's new amounts take the place of its old ones") { store in
      let apps = [Fixture.app("a"), Fixture.app("b")]
      _ = try await store.commit(Fixture.create(apps))
      let (group, left, right) = (Fixture.uid(), Fixture.uid(), Fixture.uid())
      func tally(_ owner: UID, _ part: UID, _ amounts: [(Int, Double)]) -> TallyWrite {
        TallyWrite(
          tenant: Fixture.tenant, owner: owner, group: group, part: part,
          amounts: amounts.map { (hour: hour($0.0), amount: $0.1) })
      }
      try await write(store) {
        $0.tallies = [tally(apps[0].uid, left, [(10, 1), (11, 2)]), tally(apps[1].uid, left, [(11, 4)])]
      }
      try await write(store) { $0.tallies = [tally(apps[1].uid, right, [(11, 8), (30, 16)])] }
      let all = try await store.tallies(tenant: Fixture.tenant, group: group, lastHours: nil)
      let expected = [
        TallyRow(part: left, hour: hour(10), amount: 1), TallyRow(part: left, hour: hour(11), amount: 2),
        TallyRow(part: right, hour: hour(11), amount: 8), TallyRow(part: right, hour: hour(30), amount: 16),
      ].sorted { ($0.hour, $0.part) < ($1.hour, $1.part) }
      XCTAssertEqual(all, expected)
      let late = try await store.tallies(tenant: Fixture.tenant, group: group, lastHours: 20)
      XCTAssertEqual(late, expected.filter { $0.hour > hour(10) })
      let foreign = try await store.tallies(tenant: Fixture.other, group: group, lastHours: nil)
      XCTAssertTrue(foreign.isEmpty)
      try await write(store) { $0.tallies = [tally(apps[0].uid, left, []), tally(apps[1].uid, left, [])] }
      let none = try await store.tallies(tenant: Fixture.tenant, group: group, lastHours: nil)
      XCTAssertTrue(none.isEmpty)
    },
    StoreCase(name: "objects are gathered into groups with figures") { store in
      _ = try await five(store)
      let query = ObjectQuery(tenant: Fixture.tenant, kind: "App")
      var page = try await store.groups(
        GroupQuery(
          query, by: [.spec(["region"])],
          figures: [.sum(.spec(["port"])), .least(.spec(["startsAt"])), .greatest(.spec(["weight"])), .sum(.spec(["cost"]))],
          sort: [(.count, true)], limit: 2))
      XCTAssertEqual(page.total, 4)
      XCTAssertEqual(page.rows[0].key, ["eu"])
      XCTAssertEqual(page.rows.map(\.count), [2, 1])
      XCTAssertEqual(page.rows[0].figures[0], .double(8160))
      XCTAssertEqual(page.rows[0].figures[1].string.flatMap { Timestamp($0) }, Timestamp("2026-01-01T00:00:00.5Z"))
      XCTAssertEqual(page.rows[0].figures[2], .double(1.5))
      XCTAssertEqual(page.rows[1].figures[0], .null)
      page = try await store.groups(
        GroupQuery(query, by: [.spec(["running"]), .spec(["region"])], sort: [(.key(0), false), (.key(1), true)], offset: 1))
      XCTAssertEqual(page.total, 4)
      XCTAssertEqual(page.rows.first?.key, ["true", "eu"])
      page = try await store.groups(GroupQuery(query, by: [], figures: [.greatest(.spec(["port"]))]))
      XCTAssertEqual(page.rows, [GroupRow(key: [], count: 5, figures: [.double(8080)])])
      page = try await store.groups(GroupQuery(query, by: [.spec(["region"])], limit: 0))
      XCTAssertEqual(page.total, 4)
      XCTAssertTrue(page.rows.isEmpty)
      let foreign = try await store.groups(GroupQuery(ObjectQuery(tenant: Fixture.other, kind: "App"), by: [.spec(["region"])]))
      XCTAssertEqual(foreign.rows, [GroupRow(key: ["eu"], count: 1, figures: [])])
    },
  ]
}
