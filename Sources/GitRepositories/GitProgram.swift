// One run of git: within a deadline, a memory and a file size limit, its words turned into faults.
import Core
import Foundation
import OutgoingHTTP

struct GitProgram: Sendable {
  /// Programs at once, over all sources.
  static let gate = ProgramGate(limit: 8)
  static let memoryLimit = 4 << 30
  static let outputLimit = 1 << 20

  let path: String
  /// Where the repository's objects are; nil for none.
  var directory: String?
  var environment: [String: String]
  var place: String
  var secrets: [String]
  var deadline: ContinuousClock.Instant
  /// Bytes of one file that may be written.
  var fileLimit: Int

  init(access: GitAccess, directory: String?, deadline: ContinuousClock.Instant, fileLimit: Int) throws(GitFault) {
    guard let path = ProgramRunner.find("git") else {
      throw GitFault(.programMissing, "The program git is not installed where the server runs.")
    }
    self.path = path
    self.directory = directory
    environment = access.environment
    place = access.remote.place
    secrets = access.secrets
    self.deadline = deadline
    self.fileLimit = fileLimit
  }

  /// Runs git and gives back what it did, whatever its exit code.
  func attempt(
    _ arguments: [String], input: [UInt8] = [], outputLimit: Int = GitProgram.outputLimit, variables: [String: String] = [:]
  )
    async throws(GitFault) -> ProgramResult
  {
    let left = ContinuousClock.now.duration(to: deadline)
    guard left > .zero else { throw GitFault(.timeout, "\(place) did not answer in time.") }
    do {
      return try await ProgramRunner.run(
        path, (directory.map { ["--git-dir=\($0)"] } ?? []) + arguments, environment: environment.merging(variables) { $1 },
        input: input, timeout: left, outputLimit: outputLimit, memoryLimit: Self.memoryLimit, fileLimit: fileLimit,
        gate: Self.gate)
    } catch let problem as Problem {
      switch problem.code {
      case "program_timeout": throw GitFault(.timeout, "\(place) did not answer in time.")
      case "program_missing": throw GitFault(.programMissing, "The program git is not installed where the server runs.")
      default: throw GitFault(.failed, problem.message)
      }
    } catch { throw GitFault(.failed, "git was given up.") }
  }

  /// Runs git and throws what it complains of. The output is complete.
  @discardableResult
  func run(
    _ arguments: [String], input: [UInt8] = [], outputLimit: Int = GitProgram.outputLimit, variables: [String: String] = [:]
  )
    async throws(GitFault) -> [UInt8]
  {
    let result = try await attempt(arguments, input: input, outputLimit: outputLimit, variables: variables)
    if result.isCut { throw GitFault(.tooLarge, "git said more than \(outputLimit) bytes.") }
    guard result.status == 0 else { throw fault(result) }
    return result.out
  }

  func fault(_ result: ProgramResult) -> GitFault {
    if result.status == 128 + 25 { return GitFault(.tooLarge, "The repository is larger than its limit.") }
    return GitFault.of(standardError: String(decoding: result.err, as: UTF8.self), host: place, hiding: secrets)
  }

  func text(_ arguments: [String], input: [UInt8] = []) async throws(GitFault) -> String {
    String(decoding: try await run(arguments, input: input), as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
  }
}
