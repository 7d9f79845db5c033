// Runs that are made of one call: gates, retries, lost replies, cancellation.
import Core
import Expressions
import Kinds
import XCTest

@testable import Controllers

final class RunCallControllerTests: XCTestCase {
  private let server = UID(high: 0x0199_0000_0000_7000, low: 0x8000_0000_0000_0077)

  private func kind(_ change: (inout KindSpec.Run, inout KindSpec.RunCall) throws -> Void = { _, _ in }) throws -> KindSpec {
    let target = FieldSpec(name: "server", type: .string)
    target.reference = .init(kind: "Server")
    let kind = KindSpec(
      family: "lab", name: "Ping", doc: "",
      fields: [target] + ["word", "decision"].map { FieldSpec(name: $0, type: .string) } + [
        FieldSpec(name: "cancel", type: .boolean)
      ])
    kind.storage = .run
    var run = KindSpec.Run(timeout: .seconds(600), attempts: 3, keep: nil, gate: nil)
    var call = KindSpec.RunCall(
      source: "agent", op: "ping",
      with: [
        ("word", try CELProgram("word + '!'", lenient: true)), ("server", try CELProgram("server", lenient: true)),
        ("host", try CELProgram("self.server.host", lenient: true)),
      ], kind: .idempotent, deadline: .seconds(5))
    try change(&run, &call)
    run.call = call
    kind.run = run
    return kind
  }

  private func loop(_ kind: KindSpec, _ spec: ObjectMap = [:]) throws -> ControllerLoop {
    var fields: ObjectMap = ["server": .string(server.description), "word": "hello"]
    for (name, value) in spec { fields[name] = value }
    let loop = ControllerLoop(try XCTUnwrap(RunCallController(kind)), spec: fields)
    loop.related[server] = ["name": "web-1", "spec": ["host": "10.0.0.1"], "status": ["online": true], "ready": true]
    return loop
  }

  func testTheReplyIsTheResult() throws {
    let loop = try loop(kind())
    var steps: [Step] = []
    loop.perform = { step in
      steps.append(step)
      return StepReply(step: step.name, outcome: .done, value: ["rttMs": 12])
    }
    loop.run()
    XCTAssertEqual(steps.count, 1)
    XCTAssertEqual(steps.first?.arguments, ["word": "hello!", "server": .string(server.description), "host": "10.0.0.1"])
    XCTAssertEqual(steps.first?.kind, .idempotent)
    XCTAssertEqual(loop.status["phase"], "Succeeded")
    XCTAssertEqual(loop.status["result"], ["rttMs": 12])
    XCTAssertNotNil(loop.status["finishedAt"].timestamp)
    XCTAssertEqual(loop.condition("Ready")?.truth, .yes)
    XCTAssertTrue(loop.turn().steps.isEmpty, "a finished run does nothing more")
  }

  func testFailuresAreTriedAgainAfterAWaitAndThenToldAsOne() throws {
    let loop = try loop(kind())
    var times: [Timestamp] = []
    loop.perform = { step in
      times.append(loop.now)
      return StepReply(step: step.name, outcome: .failed, value: ["error": ["code": "offline", "message": "nobody answers"]])
    }
    loop.run(until: loop.now + .seconds(600))
    XCTAssertEqual(times.count, 3)
    XCTAssertEqual(loop.repeatedNames, [], "each attempt is a step of its own")
    for (earlier, later) in zip(times, times.dropFirst()) { XCTAssertGreaterThan(later - earlier, .milliseconds(700)) }
    XCTAssertEqual(loop.status["phase"], "Failed")
    XCTAssertEqual(loop.status["error"], "nobody answers")
    XCTAssertEqual(loop.status["attempts"], 3)
  }

  func testALostReplyOfACallMadeOnceIsUnknown() throws {
    let loop = try loop(kind { $1.kind = .once })
    var calls = 0
    loop.perform = { step in
      calls += 1
      return StepReply(step: step.name, outcome: .unknown, value: .null)
    }
    loop.run(until: loop.now + .seconds(600))
    XCTAssertEqual(calls, 1)
    XCTAssertEqual(loop.status["phase"], "Unknown")
  }

  func testAGateHoldsTheCallBack() throws {
    let gated = try kind { run, _ in
      run.gate = try CELProgram("decision == null", lenient: true)
      run.reject = try CELProgram("decision == 'no'", lenient: true)
    }
    let waiting = try loop(gated)
    var calls = 0
    waiting.perform = { step in
      calls += 1
      return StepReply(step: step.name, outcome: .done, value: .emptyObject)
    }
    waiting.run()
    XCTAssertEqual(waiting.status["phase"], "Waiting")
    XCTAssertEqual(waiting.status["startedAt"], .null)
    XCTAssertEqual(calls, 0)
    waiting.spec["decision"] = "yes"
    waiting.run()
    XCTAssertEqual(waiting.status["phase"], "Succeeded")
    XCTAssertEqual(calls, 1)
    let refused = try loop(gated, ["decision": "no"])
    refused.run()
    XCTAssertEqual(refused.status["phase"], "Rejected")
    let broken = try loop(kind { run, _ in run.gate = try CELProgram("word / 2 == 1", lenient: true) })
    broken.run()
    XCTAssertEqual(broken.status["phase"], "Waiting", "what cannot be computed is no yes")
  }

  func testCancellationAndWhatCannotBeComputed() throws {
    let cancelled = try loop(kind(), ["cancel": true])
    XCTAssertTrue(cancelled.run().steps.isEmpty)
    XCTAssertEqual(cancelled.status["phase"], "Cancelled")
    let odd = try loop(kind { _, call in call.with = [("n", try CELProgram("word / 2", lenient: true))] })
    XCTAssertTrue(odd.run().steps.isEmpty)
    XCTAssertEqual(odd.status["phase"], "Failed")
    XCTAssertNil(RunCallController(KindSpec(family: "lab", name: "Other", doc: "", fields: [])))
  }
}
