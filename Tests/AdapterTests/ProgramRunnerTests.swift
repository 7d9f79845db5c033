// Running programs: input, output, limits, and nothing left behind.
import Core
import Foundation
import OutgoingHTTP
import XCTest

final class ProgramRunnerTests: XCTestCase {
  private func problem(_ body: () async throws -> ProgramResult) async -> Problem? {
    do {
      _ = try await body()
      return nil
    } catch { return error as? Problem }
  }

  func testInputOutputAndStatus() async throws {
    let input = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    let copy = try await shell("cat; echo oops >&2; exit 3", input: input)
    XCTAssertEqual(copy.out, input)
    XCTAssertEqual(text(copy.err), "oops\n")
    XCTAssertEqual(copy.status, 3)
    let deaf = try await shell("exec <&-; echo done", input: input)
    XCTAssertEqual(text(deaf.out), "done\n", "a program that does not read its input is no fault")
    let killed = try await shell("kill -9 $$")
    XCTAssertEqual(killed.status, 128 + 9)
  }

  func testItGetsExactlyWhatItIsGiven() async throws {
    let environment = try await ProgramRunner.run("/usr/bin/env", [], environment: ["A": "b"], timeout: .seconds(10))
    XCTAssertEqual(text(environment.out), "A=b\n")
    let plain = try await shell("ls /proc/self/fd")
    XCTAssertEqual(text(plain.out).split(separator: "\n").count, 4, "standard files, and the folder that ls reads")
    let secret = try await ProgramRunner.run(
      "/bin/sh", ["-c", "cat /dev/fd/3; tr '\\0' ' ' < /proc/$$/cmdline"], secrets: Array("hush\n".utf8), timeout: .seconds(10))
    XCTAssertTrue(text(secret.out).hasPrefix("hush\n/bin/sh") || text(secret.out).hasPrefix("hush\nsh"), text(secret.out))
  }

  func testDeadlineKillsTheWholeFamily() async throws {
    let mark = "8\(getpid())\(UInt32.random(in: 1000...9999))"
    let began = ContinuousClock.now
    let problem = await problem { try await shell("sleep \(mark) & sleep \(mark)", timeout: .milliseconds(300)) }
    XCTAssertEqual(problem?.code, "program_timeout")
    XCTAssertLessThan(began.duration(to: .now), .seconds(3))
    try await waitForEnd(mark)
    // A program that ends while its child keeps the pipes open.
    let left = try await shell("sleep \(mark) & echo gone")
    XCTAssertEqual(text(left.out), "gone\n")
    try await waitForEnd(mark)
  }

  func testCancellation() async throws {
    let mark = "9\(getpid())\(UInt32.random(in: 1000...9999))"
    let task = Task { try await shell("sleep \(mark)") }
    try await Task.sleep(for: .milliseconds(100))
    task.cancel()
    let result = await task.result
    XCTAssertThrowsError(try result.get()) { XCTAssertTrue($0 is CancellationError) }
    try await waitForEnd(mark)
  }

  func testOutputAndMemoryAreCapped() async throws {
    let endless = try await shell("yes", outputLimit: 100_000)
    XCTAssertTrue(endless.isCut)
    XCTAssertEqual(endless.out.count, 100_000)
    let noisy = try await shell("yes >&2", outputLimit: 1000)
    XCTAssertTrue(noisy.isCut)
    // The cap is set just after the start: on the program itself, which here takes its memory a moment later.
    let greedy = try await shell("sleep 0.3; exec dd if=/dev/zero of=/dev/null bs=150000000 count=1", memoryLimit: 64 << 20)
    XCTAssertNotEqual(greedy.status, 0, text(greedy.err))
    let modest = try await shell("sleep 0.3; exec dd if=/dev/zero of=/dev/null bs=1000000 count=1", memoryLimit: 64 << 20)
    XCTAssertEqual(modest.status, 0, text(modest.err))
  }

  func testMissingPrograms() async throws {
    let missing = await problem { try await ProgramRunner.run("/nonexistent/program", [], timeout: .seconds(1)) }
    XCTAssertEqual(missing?.code, "program_missing")
    let folder = await problem { try await ProgramRunner.run("/tmp", [], timeout: .seconds(1)) }
    XCTAssertEqual(folder?.code, "program_failed")
    XCTAssertNotNil(ProgramRunner.find("sh"))
    XCTAssertNil(ProgramRunner.find("no-such-program"))
  }

  func testManyAtOnceLeaveNoDescriptors() async throws {
    _ = try await shell("true")
    let before = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for n in 0..<60 { group.addTask { try await text(shell("echo \(n)").out) == "\(n)\n" } }
      for try await isRight in group { XCTAssertTrue(isRight) }
    }
    // The last run's own descriptor goes with its thread, a moment after its result.
    var after = Int.max
    for _ in 0..<100 where after > before {
      after = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
      try await Task.sleep(for: .milliseconds(10))
    }
    XCTAssertLessThanOrEqual(after, before)
  }

  func testAFullGateRefuses() async throws {
    let gate = ProgramGate(limit: 1, waitingLimit: 1)
    let outcomes = await withTaskGroup(of: String.self) { group in
      for _ in 0..<4 {
        group.addTask {
          do {
            return "\(try await ProgramRunner.run("/bin/sleep", ["0.2"], timeout: .seconds(5), gate: gate).status)"
          } catch { return (error as? Problem)?.code ?? "\(error)" }
        }
      }
      return await group.reduce(into: [String]()) { $0.append($1) }
    }
    XCTAssertEqual(outcomes.sorted(), ["0", "0", "busy", "busy"])
  }

  /// Whether a process with this argument runs, zombies aside.
  /// Who was killed is gone once the kernel got to it, which may take a moment on a busy machine.
  private func waitForEnd(_ argument: String, line: UInt = #line) async throws {
    for _ in 0..<100 where isRunning(argument) { try await Task.sleep(for: .milliseconds(50)) }
    XCTAssertFalse(isRunning(argument), "a child lives on", line: line)
  }

  private func isRunning(_ argument: String) -> Bool {
    let pids = (try? FileManager.default.contentsOfDirectory(atPath: "/proc"))?.filter { Int($0) != nil } ?? []
    return pids.contains { pid in
      let words = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline")?.split(separator: 0) ?? []
      return words.contains { $0.elementsEqual(argument.utf8) }
    }
  }
}

private func shell(
  _ script: String, input: [UInt8] = [], timeout: Duration = .seconds(10), outputLimit: Int = 1 << 20, memoryLimit: Int = 1 << 30
) async throws -> ProgramResult {
  try await ProgramRunner.run(
    "/bin/sh", ["-c", script], input: input, timeout: timeout, outputLimit: outputLimit, memoryLimit: memoryLimit)
}

private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
