// A git repository in memory: commits follow one another, each with its manifests. And the git service of one replica over it.
import Core
import Foundation
import Kinds
import Ports
import Reconciling

/// What everybody sees of the repository.
final class RepositoryWorld: @unchecked Sendable {
  private let lock = NSLock()
  private var commits: [(hash: String, text: String)] = []

  /// A commit on top; its hash.
  @discardableResult
  func push(_ text: String) -> String {
    lock.withLock {
      var hash = StableHash()
      hash.add("\(commits.count)")
      hash.add(text)
      commits.append((String((hash.text + hash.text).prefix(40)), text))
      return commits[commits.count - 1].hash
    }
  }

  var head: String? { lock.withLock { commits.last?.hash } }
  func text(_ hash: String) -> String? { lock.withLock { commits.first { $0.hash == hash }?.text } }
}

/// Looks at once, and applies along the same path as the real one, under the worker's fence.
final class SimGit: ServicePort, Sendable {
  let name = "git"
  private let repository: RepositoryWorld
  private let applying: any SourceApplying
  private let clock: any Clock

  init(_ repository: RepositoryWorld, applying: any SourceApplying, clock: any Clock) {
    self.repository = repository
    self.applying = applying
    self.clock = clock
  }

  func observe(_ metadata: ObjectMetadata, operation: String, arguments: Value) async throws -> Value {
    if let pause = try await applying.pause(tenant: metadata.tenant, name: metadata.name) { return ["pause": .string(pause)] }
    guard arguments["due"] == true, let head = repository.head else { return .emptyObject }
    let settled =
      arguments["settled"] == true ? try await applying.isSettled(tenant: metadata.tenant, name: metadata.name) : false
    return [
      "look": [
        "key": arguments["key"], "startedAt": .string(clock.now().description), "commit": .string(head), "rewritten": false,
        "signedBy": .null, "settled": .bool(settled),
      ]
    ]
  }

  func perform(_ step: Step, key: String, metadata: ObjectMetadata) async -> StepReply {
    let arguments = step.arguments
    guard let commit = arguments["commit"].string, let text = repository.text(commit) else {
      return StepReply(
        step: step.name, outcome: .failed, value: ["error": ["reason": "CommitMissing", "message": "no such commit"]])
    }
    do {
      let value = try await applying.apply(
        SourceSet(
          tenant: metadata.tenant, name: metadata.name, commit: commit, files: [(name: "set.yaml", bytes: Array(text.utf8))],
          prune: arguments["prune"] == true, takeOver: false, reclaim: false, confirmed: true, tenants: [],
          fence: StepFence.current,
          dryRun: false))
      return StepReply(step: step.name, outcome: .done, value: value)
    } catch {
      return StepReply(
        step: step.name, outcome: .failed,
        value: ["error": ["reason": "GitFailed", "message": .string("\(error)"), "attention": false]])
    }
  }
}
