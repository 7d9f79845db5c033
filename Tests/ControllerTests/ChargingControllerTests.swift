// The controllers of the charging family, and the pure parts beneath them.
import ChargingAnalysis
import Core
import Foundation
import KindLoading
import Kinds
import Ports
import XCTest

@testable import Controllers

final class ChargingControllerTests: XCTestCase {
  private let now = Timestamp("2026-03-01T12:00:00Z")!
  private let tenant = UID(high: 1, low: 1)

  private func uid(_ number: Int) -> UID { UID(high: 7, low: UInt64(number)) }

  private func input(_ kind: String, _ spec: ObjectMap, status: Value = .null, world: Value = .null) -> ReconcileInput {
    ReconcileInput(
      spec: spec,
      metadata: ObjectMetadata(tenant: tenant, uid: uid(99), kind: kind, name: "x", generation: 1, labels: [:], created: now),
      status: status, world: world, now: now)
  }

  /// A register that rises by a fixed amount, with the power that belongs to it; `fall`: how far it falls at the end.
  private func values(_ count: Int, fall: Double = 0) -> [MeterValue] {
    (0..<count).flatMap { at -> [MeterValue] in
      let time = Timestamp(microseconds: now.microseconds - 86_400_000_000 + at * 900_000_000)
      let energy = 10 + Double(at) * 2.75 - (at == count - 1 ? fall : 0)
      return [MeterValue(.energyImport, energy, at: time), MeterValue(.powerImport, 11, at: time)]
    }
  }

  // MARK: Channels

  func testEveryMeasurandPhaseAndLocationHasAChannelOfItsOwn() throws {
    var seen = Set<Int>()
    for measurand in Measurand.allCases {
      for phase in [nil] + MeterValue.phases.sorted().map(Optional.some) {
        for location in [nil] + MeterValue.locations.sorted().map(Optional.some) {
          let value = MeterValue(measurand, 1.5, at: now, phase: phase, location: location, reconstructed: true)
          let channel = try XCTUnwrap(ChannelCode.channel(value), "\(measurand) \(phase ?? "-") \(location ?? "-")")
          XCTAssertTrue((0...32_767).contains(channel))
          XCTAssertTrue(seen.insert(channel).inserted)
          XCTAssertEqual(ChannelCode.values(ChannelCode.points([value])), [value])
        }
      }
    }
  }

  func testNumbersOfMeasurandsStayAsTheyStandInDatabases() {
    let known: [(Measurand, Int)] = [
      (.energyImport, 0), (.powerImport, 128), (.soc, 256), (.currentImport, 384), (.voltage, 512),
    ]
    for (measurand, channel) in known { XCTAssertEqual(ChannelCode.channel(MeterValue(measurand, 0, at: now)), channel) }
  }

  func testPointsSurviveObservation() {
    let points = ChannelCode.points(values(9, fall: 3))
    XCTAssertEqual(PointCoding.points(PointCoding.value(points)), points)
  }

  func testTheKindOfModelsStatesTheRangesThatTheDetectorHas() throws {
    let specs = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
      .appendingPathComponent("specs")
    let fields = try XCTUnwrap(try KindLoader.load(specs).kind("DetectorModel")?.field("parameters")).fields
    XCTAssertEqual(fields.map(\.name), DetectorParameters.all.map(\.name))
    for (field, info) in zip(fields, DetectorParameters.all) {
      XCTAssertEqual(field.min, info.range.lowerBound, info.name)
      XCTAssertEqual(field.max, info.range.upperBound, info.name)
    }
  }

  // MARK: Changes of sessions

  private func change(_ values: [MeterValue], mark: String = "m@1") -> SessionChange {
    var ground = SessionGround(station: uid(1), stationId: "CP")
    ground.mark = mark
    ground.pricePerKwh = 0.5
    var change = SessionChange(session: uid(2), sessionId: "s", tenant: tenant, ground: ground, now: now)
    change.values = values
    change.points = values
    return change
  }

  func testTheSameValuesAreNeverAnalysedTwice() throws {
    let first = try change(values(8, fall: 5)).decide(previous: [:], known: [], newUID: { self.uid(50) })
    XCTAssertEqual(first.fields["isAnomaly"], true)
    XCTAssertEqual(first.attachments.series.count, 1)
    XCTAssertEqual(first.attachments.records.count, 1)
    XCTAssertFalse(first.intents.isEmpty)
    let shuffled = change(values(8, fall: 5))
    let again = try shuffled.decide(previous: first.fields, known: [], newUID: { self.uid(51) })
    XCTAssertTrue(again.fields.isEmpty, "\(again.fields.keys)")
    XCTAssertTrue(again.attachments.records.isEmpty)
    XCTAssertTrue(again.attachments.work.isEmpty)
    let other = try change(values(8, fall: 5), mark: "m@2").decide(previous: first.fields, known: [], newUID: { self.uid(52) })
    XCTAssertEqual(other.attachments.records.count, 1, "another model looks anew")
    XCTAssertTrue(other.attachments.series.isEmpty, "the values are the same")
  }

  func testFewValuesLeaveTheSessionUnanalysedAndClearWhatWasFound() throws {
    let before = try change(values(8, fall: 5)).decide(previous: [:], known: [], newUID: { self.uid(50) }).fields
    let few = try change(Array(values(1).prefix(2))).decide(previous: before, known: [], newUID: { self.uid(51) })
    XCTAssertEqual(few.fields["isAnomaly"], .null)
    XCTAssertEqual(few.fields["analyzedAt"], .null)
    XCTAssertEqual(few.fields["valueCount"], 2)
    XCTAssertTrue(few.attachments.records.isEmpty)
  }

  func testRevenueFollowsEnergyAndLeakFollowsTheScore() throws {
    let clean = try change(values(9)).decide(previous: [:], known: [], newUID: { self.uid(50) }).fields
    XCTAssertEqual(clean["energyKwh"]?.double ?? 0, 22, accuracy: 1e-6)
    XCTAssertEqual(clean["revenue"]?.double ?? 0, 11, accuracy: 1e-6)
    XCTAssertNil(clean["revenueLeak"])
    let faulty = try change(values(9, fall: 5)).decide(previous: [:], known: [], newUID: { self.uid(50) }).fields
    XCTAssertGreaterThan(faulty["revenueLeak"]?.double ?? 0, 0)
  }

  // MARK: Findings

  func testFindingsKeepTheirIssuesAndTimeline() throws {
    let place = AnomalyFindings.Place(session: uid(2), sessionId: "s", station: uid(1), stationId: "CP")
    let faulty = try XCTUnwrap(SessionAnalyzer.analyze(values(8, fall: 5)))
    let made = AnomalyFindings.changes(faulty, known: [], place: place, now: now)
    guard case .create(var spec)? = made.first else { return XCTFail("nothing was found") }
    XCTAssertEqual(spec["found"], true)
    XCTAssertEqual(spec["timeline"]?.list?.count, 1)
    spec["issueStatus"] = "ACKNOWLEDGED"
    let clean = try XCTUnwrap(SessionAnalyzer.analyze(values(8)))
    guard
      case .update(let gone, let cleared)? = AnomalyFindings.changes(clean, known: [(uid(3), spec)], place: place, now: now).first
    else {
      return XCTFail("it is still there")
    }
    XCTAssertEqual(gone, uid(3))
    XCTAssertEqual(cleared["found"], false)
    XCTAssertNil(cleared["issueStatus"], "issues are left alone")
    XCTAssertEqual(cleared["timeline"]?.list?.count, 2)
    for (name, value) in cleared { spec[name] = value }
    XCTAssertTrue(AnomalyFindings.changes(clean, known: [(uid(3), spec)], place: place, now: now).isEmpty)
    let back = AnomalyFindings.changes(faulty, known: [(uid(3), spec)], place: place, now: now)
    XCTAssertFalse(back.contains { if case .create(let fields) = $0 { fields["category"] == spec["category"] } else { false } })
  }

  func testTimelinesAreBounded() throws {
    let place = AnomalyFindings.Place(session: uid(2), sessionId: "s", station: uid(1), stationId: "CP")
    let faulty = try XCTUnwrap(SessionAnalyzer.analyze(values(8, fall: 5)))
    guard case .create(var spec)? = AnomalyFindings.changes(faulty, known: [], place: place, now: now).first else {
      return XCTFail("nothing")
    }
    spec["timeline"] = .list(Array(repeating: ["riskScore": 1], count: 200))
    guard case .update(_, let fields)? = AnomalyFindings.changes(faulty, known: [(uid(3), spec)], place: place, now: now).first
    else {
      return XCTFail("no update")
    }
    XCTAssertEqual(fields["timeline"]?.list?.count, AnomalyFindings.timelineLimit)
  }

  // MARK: Batches

  private func seen(_ number: Int, _ values: [MeterValue], awaits: Bool = true) -> Value {
    let spec: ObjectMap = [
      "sessionId": .string("s\(number)"), "station": .string(uid(1).description), "stationId": "CP", "awaits": .bool(awaits),
      "fingerprint": .string(MeterValueReader.fingerprint(values)),
    ]
    return [
      "uid": .string(uid(number).description), "spec": .object(spec), "points": PointCoding.value(ChannelCode.points(values)),
      "model": ["parameters": DetectorParameters.standard.json, "mark": "m@1"],
    ]
  }

  func testABatchGoesOnWhereItWasAndAnalysesNothingTwice() {
    let controller = SessionBatchController()
    let items = (0..<245).map { at -> Value in ["index": .int(at), "session": .string(uid(at + 100).description)] }
    let spec: ObjectMap = [
      "totalSessions": 246, "items": .list(items), "failures": [["index": 245, "sessionId": "x", "message": "bad"]],
    ]
    var status = Value.null
    var analysed: [UID: Int] = [:]
    var rounds = 0
    while !RunStatus.isFinished(status), rounds < 10 {
      rounds += 1
      let asked = controller.observation(input("SessionBatch", spec, status: status))?.arguments["sessions"].list ?? []
      XCTAssertLessThanOrEqual(asked.count, SessionBatchController.portion)
      let world: Value = [
        "sessions": .list(
          asked.map { one in
            let number = Int(UID(one.string ?? "")!.low)
            return seen(number, values(8, fall: number % 2 == 0 ? 5 : 0), awaits: (analysed[uid(number)] ?? 0) == 0)
          })
      ]
      // A decision that is not committed is made again, and is the same.
      let decision = controller.decide(input("SessionBatch", spec, status: status, world: world))
      let same = controller.decide(input("SessionBatch", spec, status: status, world: world))
      XCTAssertEqual(decision.status, same.status)
      for write in decision.writes {
        if case .update(let kind, let uid, let fields) = write, kind == "Session" {
          analysed[uid, default: 0] += 1
          XCTAssertEqual(fields["awaits"], false)
          XCTAssertNotNil(fields["analyzedFingerprint"]?.string)
        }
      }
      XCTAssertEqual(decision.wakes.map(\.kind), Array(repeating: "ChargingStation", count: decision.wakes.count))
      status = decision.status
    }
    XCTAssertEqual(status["phase"], "Succeeded")
    XCTAssertEqual(status["processedSessions"], 246)
    XCTAssertEqual(status["failedSessions"], 1)
    XCTAssertEqual(analysed.count, 245)
    XCTAssertTrue(analysed.values.allSatisfy { $0 == 1 })
    XCTAssertEqual(rounds, 3)
  }

  func testABatchWhoseSessionsCannotBeReadWaits() {
    let spec: ObjectMap = ["totalSessions": 1, "items": [["index": 0, "session": .string(uid(1).description)]], "failures": []]
    let decision = SessionBatchController().decide(input("SessionBatch", spec))
    XCTAssertFalse(RunStatus.isFinished(decision.status))
    XCTAssertNotNil(decision.lookAgain)
    XCTAssertTrue(decision.writes.isEmpty)
  }

  // MARK: Stations

  private func station(_ hours: [(Int, Double)]) -> Value {
    [
      "connectors": [
        ["connectorId": "1", "total": 2, "anomalous": 1, "energyKwh": 3, "categories": ["SOC_DROP": 1]],
        ["connectorId": nil, "total": 1],
      ],
      "total": 3, "anomalous": 1, "anomalies": 1, "lastAnomalyAt": "2026-02-27T10:00:00Z", "worst": 0.8,
      "hours": .list(hours.map { [.int($0.0 * ChargingStationController.hour), .double($0.1)] }),
    ]
  }

  func testAStationSaysWhenItsFiguresWereComputedAndWritesNothingWhenNothingMoved() {
    let controller = ChargingStationController()
    let first = controller.decide(input("ChargingStation", [:], world: station([(100, 5)])))
    XCTAssertEqual(first.status["totalSessions"], 3)
    XCTAssertEqual(first.status["connectors"].list?.count, 1)
    XCTAssertEqual(first.status["computedAt"].string, now.description)
    XCTAssertEqual(first.records.map(\.kind), ["StationInference"])
    var later = input("ChargingStation", [:], status: first.status, world: station([(100, 5)]))
    later.now = now + .seconds(60)
    let second = controller.decide(later)
    XCTAssertEqual(second.status["computedAt"], first.status["computedAt"])
    XCTAssertEqual(second.status["analyzedAt"], first.status["analyzedAt"])
    XCTAssertTrue(second.records.isEmpty)
    XCTAssertNil(second.lookAgain, "nothing happens at a station that was last used long ago")
  }

  func testADayThatFallsShortIsFoundAndAnOutageIsLookedFor() {
    let today = now.microseconds / ChargingStationController.hour
    let midnight = today - today % 24
    var hours: [(Int, Double)] = []
    for day in stride(from: -42, through: -1, by: 1) {
      for hour in 6..<22 { hours.append((midnight + day * 24 + hour, 30 + Double((hour * 7 + day * day) % 5))) }
    }
    for hour in 6..<12 { hours.append((midnight + hour, 1)) }
    let decision = ChargingStationController().decide(input("ChargingStation", [:], world: station(hours)))
    XCTAssertEqual(decision.status["isAnomaly"], true)
    XCTAssertGreaterThan(decision.status["aiScore"].double ?? 0, 0.5)
    XCTAssertFalse(decision.status["anomalyMarkers"].list?.isEmpty ?? true)
    XCTAssertEqual(decision.lookAgain, .seconds(3600))
  }

  // MARK: Fine-tuning

  func testAJobTakesOneStepAndMakesAModelOfItsReply() throws {
    let controller = FineTuneController()
    let spec: ObjectMap = ["baseModel": "csar-2", "title": "Ours", "config": [:], "source": ["type": "sessions"]]
    let begun = controller.decide(input("FineTune", spec))
    XCTAssertEqual(begun.status["phase"], "Running")
    let step = try XCTUnwrap(begun.steps.first)
    XCTAssertEqual(step.operation, "fit")
    XCTAssertEqual(step.kind, .idempotent)
    XCTAssertLessThanOrEqual(step.deadline, .seconds(16))
    var next = input("FineTune", spec, status: begun.status)
    next.replies = [
      StepReply(
        step: step.name, outcome: .done,
        value: ["parameters": DetectorParameters.standard.json, "metrics": ["heldOutSessions": 3]])
    ]
    let done = controller.decide(next)
    XCTAssertEqual(done.status["phase"], "Succeeded")
    XCTAssertEqual(done.status["result"]["metrics"]["heldOutSessions"], 3)
    guard case .create(let kind, _, let model)? = done.writes.first else { return XCTFail("no model") }
    XCTAssertEqual(kind, "DetectorModel")
    XCTAssertEqual(model["fineTune"]?.string, uid(99).description)
    XCTAssertNoThrow(try DetectorParameters(json: model["parameters"] ?? .null))
  }

  func testAJobThatCannotLearnSaysSoAndOneThatCannotReadTriesAgain() {
    let controller = FineTuneController()
    let spec: ObjectMap = ["baseModel": "csar-2", "title": "Ours", "config": [:], "source": ["type": "sessions"]]
    func reply(_ code: String, after status: Value) -> Decision {
      var next = input("FineTune", spec, status: status)
      next.replies = [
        StepReply(step: "fit-1", outcome: .failed, value: ["error": ["code": .string(code), "message": "Why."]])
      ]
      return controller.decide(next)
    }
    var status = controller.decide(input("FineTune", spec)).status
    let ended = reply("too_few_sessions", after: status)
    XCTAssertEqual(ended.status["phase"], "Failed")
    XCTAssertEqual(ended.status["error"], "Why.")
    XCTAssertTrue(ended.writes.isEmpty)
    var steps = Set<String>()
    for _ in 0..<5 {
      let again = reply("unavailable", after: status)
      for step in again.steps { XCTAssertTrue(steps.insert(step.name).inserted, "a step is named once") }
      status = again.status
      if RunStatus.isFinished(status) { break }
    }
    XCTAssertEqual(status["phase"], "Failed")
    XCTAssertEqual(steps, ["fit-2", "fit-3"])
  }

  func testSessionsOfAnUploadAreReadWithTheirLabels() async throws {
    let sessions = (0..<12).map { at -> Value in
      [
        "sessionId": .string("t\(at)"), "label": at % 2 == 0 ? "anomalous" : "clean",
        "meterValues": .list(values(10, fall: at % 2 == 0 ? 6 : 0).map(\.json)),
      ]
    }
    let read = FitStep.uploaded(.list(sessions))
    XCTAssertEqual(read.map(\.label), (0..<12).map { $0 % 2 == 0 ? .anomalous([]) : .clean })
    let result = try await ParameterFit.fit(read, base: .standard)
    XCTAssertFalse(result.metrics["after"].isNull)
  }
}
