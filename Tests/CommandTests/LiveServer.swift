// A real `plumb serve`, and the real `plumb` as a child: what a user's shell sees.
import Foundation
import TestSupport
import XCTest

/// One server for all end-to-end tests of a class.
class LiveTestCase: XCTestCase {
  nonisolated(unsafe) private static var shared: CaseServer?

  override class func tearDown() {
    shared?.stop()
    shared = nil
  }

  func server() throws -> CaseServer {
    if let shared = Self.shared { return shared }
    // Nobody answers at that resolver: domains stay unverified.
    let server = try CaseServer(resolver: 9)
    Self.shared = server
    return server
  }

  struct Run {
    var code: Int32
    var out: String
    var error: String
  }

  /// Runs `plumb words…` against the server and waits for its end.
  func plumb(_ words: String..., environment: [String: String] = [:], input: String? = nil) throws -> Run {
    let child = try start(words, environment: environment, input: input)
    return child.finish()
  }

  func start(_ words: [String], environment: [String: String] = [:], input: String? = nil) throws -> Child {
    var variables = ["PATH": "/usr/bin:/bin", "HOME": "/nonexistent"]
    for (name, value) in environment { variables[name] = value }
    let talks = words.first.map { !["eval", "lint", "simulate", "version", "hello"].contains($0) } ?? false
    return try Child(words + (talks ? ["--data", try server().data.path] : []), environment: variables, input: input)
  }

  /// A child whose output is gathered while it runs.
  final class Child: @unchecked Sendable {
    private let process = Process()
    private let lock = NSLock()
    private var gathered: [Data] = [Data(), Data()]
    private let pipes = [Pipe(), Pipe()]

    init(_ words: [String], environment: [String: String], input: String?) throws {
      process.executableURL = CaseServer.binary
      process.arguments = words
      process.environment = environment
      process.standardOutput = pipes[0]
      process.standardError = pipes[1]
      let stdin = Pipe()
      process.standardInput = stdin
      for (n, pipe) in pipes.enumerated() {
        pipe.fileHandleForReading.readabilityHandler = { handle in
          let data = handle.availableData
          if data.isEmpty { handle.readabilityHandler = nil } else { self.lock.withLock { self.gathered[n].append(data) } }
        }
      }
      try process.run()
      if let input { stdin.fileHandleForWriting.write(Data(input.utf8)) }
      try? stdin.fileHandleForWriting.close()
    }

    var out: String { lock.withLock { String(decoding: gathered[0], as: UTF8.self) } }
    var error: String { lock.withLock { String(decoding: gathered[1], as: UTF8.self) } }

    func interrupt() { process.interrupt() }

    func finish() -> Run {
      process.waitUntilExit()
      for (n, pipe) in pipes.enumerated() {
        // What is left after the last call of the handler.
        pipe.fileHandleForReading.readabilityHandler = nil
        let rest = pipe.fileHandleForReading.readDataToEndOfFile()
        lock.withLock { gathered[n].append(rest) }
      }
      return Run(code: process.terminationStatus, out: out, error: error)
    }

    /// Waits until `condition` holds, at most ten seconds.
    func until(_ condition: (Child) -> Bool) -> Bool {
      let end = Date().addingTimeInterval(10)
      while Date() < end {
        if condition(self) { return true }
        Thread.sleep(forTimeInterval: 0.02)
      }
      return false
    }
  }
}
