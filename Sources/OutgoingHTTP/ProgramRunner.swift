// Runs a maintained program with limits on time, memory, output and environment, and never through a shell.
import CLinux
import Core
import Foundation

/// What a program did.
public struct ProgramResult: Sendable {
  /// Exit code; 128 and the signal's number when a signal ended it.
  public var status: Int
  public var out: [UInt8]
  public var err: [UInt8]
  /// More came than the limit allows: the program was ended there.
  public var isCut: Bool
}

public enum ProgramRunner {
  public static let defaultOutputLimit = 1 << 20
  /// Address space, in bytes.
  public static let defaultMemoryLimit = 1 << 30
  private static let places = ["/usr/local/bin", "/usr/bin", "/bin", "/usr/local/sbin", "/usr/sbin", "/sbin"]
  private static let stackSize = 256 << 10

  /// The path of an installed program, looked for in PATH and the usual places; nil when there is none.
  public static func find(_ name: String) -> String? {
    let path = ProcessInfo.processInfo.environment["PATH"]?.split(separator: ":").map(String.init) ?? []
    return (path + places).lazy.map { "\($0)/\(name)" }.first { $0.hasPrefix("/") && access($0, X_OK) == 0 }
  }

  /// Runs `path` to its end without keeping a thread of the cooperative pool. The program and its children die with the deadline, with
  /// the caller's task, and when output exceeds its limit.
  /// - Parameters:
  ///   - environment: all of it; nothing is inherited.
  ///   - input: its standard input.
  ///   - secrets: readable as `/dev/fd/3`, for what must not stand in arguments, where every user of the machine sees it.
  ///   - outputLimit: bytes of standard output; of standard error as well.
  ///   - fileLimit: bytes of any file that it writes; it is ended when it writes more.
  /// - Throws: Problem `program_missing`, `program_timeout`, `program_failed` (it could not be started), `busy`; CancellationError.
  public static func run(
    _ path: String, _ arguments: [String], environment: [String: String] = ["PATH": "/usr/local/bin:/usr/bin:/bin"],
    input: [UInt8] = [], secrets: [UInt8]? = nil, timeout: Duration, outputLimit: Int = defaultOutputLimit,
    memoryLimit: Int = defaultMemoryLimit, fileLimit: Int? = nil, gate: ProgramGate = .shared
  ) async throws -> ProgramResult {
    let began = ContinuousClock.now
    try await gate.enter()
    defer { gate.leave() }
    try Task.checkCancellation()
    let run = try ProgramRun(
      path: path, arguments: arguments, environment: environment, input: input, secrets: secrets,
      deadline: began.advanced(by: timeout), outputLimit: outputLimit, memoryLimit: memoryLimit,
      fileLimit: fileLimit)
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let thread = Thread { continuation.resume(with: Result { try run.complete() }) }
        thread.name = "program"
        thread.stackSize = stackSize
        thread.start()
      }
    } onCancel: {
      run.cancel()
    }
  }
}
