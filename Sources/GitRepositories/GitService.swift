// Git as the engine sees it: service `git`. Looks run in the background and wake their source; applies and proposals are steps.
import Core
import Foundation
import Kinds
import OutgoingHTTP
import Ports

/// Observe `look` {key, after?, due, url, branch, tag, path, timeout, username, token, sshKey, knownHosts, verify, limits, applied, name,
/// settled, drift} → `{running, look: {key, startedAt, commit, signedBy, rewritten, settled} or {…, error: {reason, message, attention}},
/// pause, drift}`. Step `apply` {name, commit, path, limits, prune, takeOver, reclaim, confirmed, tenants} → counts, or `errors`.
/// Step `propose`: see GitProposals.
public final class GitService: ServicePort, @unchecked Sendable {
  /// Looks at one time; others wait.
  static let looksAtOnce = 4
  /// Sources whose last look is remembered.
  static let memory = 10_000
  /// Copies that nobody used for this long are removed.
  static let copyAge = 14 * 86_400.0
  /// What a push left that did not end, a crash for instance.
  static let leftoverAge = 3600.0
  private static let proposal = "proposal-"
  static let sweepEvery = Duration.seconds(3600)

  public let name = "git"
  let folder: String
  let targets: TargetGuard
  let applying: any SourceApplying
  private let clock: any Clock
  private let lock = NSLock()
  private var running: [UID: String] = [:]
  private var results: [UID: Value] = [:]
  /// Addresses that events are known to be for.
  private var registered: [UID: String] = [:]
  private var waiting: [(uid: UID, run: @Sendable () -> Void)] = []
  private var active = 0
  private var swept: Timestamp?
  private let stream: AsyncStream<(tenant: UID, uid: UID, kind: String)>
  private let wake: AsyncStream<(tenant: UID, uid: UID, kind: String)>.Continuation

  /// - Parameters:
  ///   - folder: where copies of repositories are kept.
  ///   - allowPrivateTargets: files of this machine and private addresses are repositories too.
  public init(
    folder: String, allowPrivateTargets: Bool, applying: any SourceApplying, clock: any Clock = SystemClock(),
    resolver: any HostResolver = SystemResolver()
  ) {
    self.folder = folder
    self.applying = applying
    self.clock = clock
    targets = TargetGuard(allowsPrivate: allowPrivateTargets, resolver: resolver)
    (stream, wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(Self.memory))
  }

  public func wakes() -> AsyncStream<(tenant: UID, uid: UID, kind: String)> { stream }
  public func shutdown() async { wake.finish() }

  func directory(_ uid: UID) -> String { "\(folder)/\(uid)" }

  /// An empty folder that git and gpg take for their home.
  func home() throws(GitFault) -> String {
    let path = "\(folder)/home"
    do {
      try FileManager.default.createDirectory(
        atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch { throw GitFault(.failed, "The folder for repositories cannot be made: \(error.localizedDescription)") }
    return path
  }

  // MARK: Looking

  public func observe(_ metadata: ObjectMetadata, operation: String, arguments: Value) async throws -> Value {
    guard operation == "look" else { throw Problem(.invalid, code: "operation", "git has no operation \(operation).") }
    let uid = metadata.uid
    let name = arguments["name"].string ?? ""
    if let pause = try await applying.pause(tenant: metadata.tenant, name: name) { return ["pause": .string(pause)] }
    let last = lock.withLock { results[uid] } ?? .null
    var answer: ObjectMap = [:]
    let isFresh =
      last["key"] == arguments["key"]
      && (arguments["after"].isNull || (last["startedAt"].string ?? "") >= (arguments["after"].string ?? ""))
    if arguments["due"] == true, !isFresh {
      start(GitLook(arguments), metadata, settled: arguments["settled"] == true)
      answer["running"] = true
    } else if isFresh {
      answer["look"] = last
    }
    if arguments["drift"] == true, let commit = arguments["applied"].string {
      answer["drift"] = (try? await drift(metadata, commit, arguments)) ?? .null
    }
    return .object(answer)
  }

  /// The fields that differ from git, found by a dry run; nothing is read while all is as it was applied.
  private func drift(_ metadata: ObjectMetadata, _ commit: String, _ arguments: Value) async throws -> Value {
    if try await applying.isSettled(tenant: metadata.tenant, name: arguments["name"].string ?? "") { return [] }
    var set = try await self.set(metadata, arguments, commit: commit)
    set.dryRun = true
    set.reclaim = true
    return try await applying.apply(set)["drift"]
  }

  private func start(_ look: GitLook, _ metadata: ObjectMetadata, settled: Bool) {
    let begin = lock.withLock { () -> Bool in
      if running[metadata.uid] != nil { return false }
      running[metadata.uid] = look.key
      waiting.append(
        (
          metadata.uid,
          { [self] in
            Task.detached { [self] in
              await self.look(look, metadata, settled: settled)
              self.next(after: metadata)
            }
          }
        ))
      return active < Self.looksAtOnce
    }
    if begin { next(after: nil) }
  }

  private func next(after done: ObjectMetadata?) {
    let run = lock.withLock { () -> (@Sendable () -> Void)? in
      if let done {
        active -= 1
        running[done.uid] = nil
      }
      guard active < Self.looksAtOnce, !waiting.isEmpty else { return nil }
      active += 1
      return waiting.removeFirst().run
    }
    run?()
    if let done { wake.yield((done.tenant, done.uid, done.kind)) }
  }

  private func look(_ look: GitLook, _ metadata: ObjectMetadata, settled: Bool) async {
    let startedAt = clock.now()
    var result: Value
    if lock.withLock({ registered[metadata.uid] }) != look.url,
      (try? await applying.register(tenant: metadata.tenant, uid: metadata.uid, url: look.url)) != nil
    {
      lock.withLock {
        if registered.count >= Self.memory { registered.removeAll() }
        registered[metadata.uid] = look.url
      }
    }
    do {
      result = try await look.run(directory: directory(metadata.uid), home: try home(), targets: targets)
      if settled {
        result["settled"] = .bool((try? await applying.isSettled(tenant: metadata.tenant, name: metadata.name)) ?? false)
      }
    } catch { result = ["error": error.value] }
    result["key"] = .string(look.key)
    result["startedAt"] = .string(startedAt.description)
    let done = result
    lock.withLock {
      if results.count >= Self.memory { results.removeAll() }
      results[metadata.uid] = done
    }
    sweep(startedAt)
  }

  /// Copies that no source used for long go.
  private func sweep(_ now: Timestamp) {
    let isDue = lock.withLock { () -> Bool in
      if let swept, now - swept < Self.sweepEvery { return false }
      swept = now
      return true
    }
    guard isDue, let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else { return }
    for name in names {
      if name.hasPrefix(Self.proposal), isOlder("\(folder)/\(name)", than: Self.leftoverAge) {
        try? FileManager.default.removeItem(atPath: "\(folder)/\(name)")
      }
      guard let uid = UID(name), lock.withLock({ running[uid] == nil && results[uid] == nil }) else { continue }
      let path = "\(folder)/\(name)"
      if isOlder(path, than: Self.copyAge) { try? FileManager.default.removeItem(atPath: path) }
    }
  }

  private func isOlder(_ path: String, than seconds: Double) -> Bool {
    let date = (try? FileManager.default.attributesOfItem(atPath: path))?[.modificationDate] as? Date
    return date.map { Date().timeIntervalSince($0) > seconds } ?? false
  }

  /// What was seen is no longer believed: the next decision looks anew.
  func forget(_ uid: UID) { lock.withLock { results[uid] = nil } }

  // MARK: Applying

  func set(_ metadata: ObjectMetadata, _ arguments: Value, commit: String) async throws -> SourceSet {
    let look = GitLook(arguments)
    let deadline = ContinuousClock.now.advanced(by: .seconds(15))
    let access = try await GitAccess(
      try GitRemote("file:///", allowsPrivate: true), login: GitLogin(.null), targets: targets, home: try home(), until: deadline)
    let git = try GitProgram(
      access: access, directory: directory(metadata.uid), deadline: deadline, fileLimit: look.limits.repositoryBytes)
    let files = try await GitTree(git: git, limits: look.limits).files(commit: commit, folder: look.folder)
    withExtendedLifetime(access) {}
    return SourceSet(
      tenant: metadata.tenant, name: arguments["name"].string ?? metadata.name, commit: commit, files: files,
      prune: arguments["prune"] == true, takeOver: arguments["takeOver"] == true, reclaim: arguments["reclaim"] == true,
      confirmed: arguments["confirmed"] == true, tenants: (arguments["tenants"].list ?? []).compactMap(\.string),
      fence: StepFence.current, dryRun: false)
  }

  public func perform(_ step: Step, key: String, metadata: ObjectMetadata) async -> StepReply {
    do {
      switch step.operation {
      case "apply":
        guard let commit = step.arguments["commit"].string else { throw GitFault(.commitMissing, "No commit is named.") }
        let value = try await applying.apply(try await set(metadata, step.arguments, commit: commit))
        return StepReply(step: step.name, outcome: .done, value: value)
      case "propose":
        // Asked again after a lost answer, it finds the commit that it pushed.
        let value = try await GitProposal(step.arguments).run(
          directory: "\(folder)/\(Self.proposal)\(metadata.uid)", home: try home(), targets: targets)
        return StepReply(step: step.name, outcome: .done, value: value)
      default: throw GitFault(.failed, "git has no operation \(step.operation).")
      }
    } catch let fault as GitFault {
      forget(metadata.uid)
      return StepReply(step: step.name, outcome: .failed, value: ["error": fault.value])
    } catch let problems as Problems {
      return StepReply(step: step.name, outcome: .failed, value: Self.value(problems.list))
    } catch let problem as Problem {
      return StepReply(step: step.name, outcome: .failed, value: Self.value([problem]))
    } catch {
      return StepReply(
        step: step.name, outcome: .failed,
        value: ["error": GitFault(.failed, "The set was not applied: another server works on it.").value])
    }
  }

  /// Faults told in full, so that an author sees all of them at once; bounded, since a status holds them.
  static let mostErrors = 50

  static func value(_ problems: [Problem]) -> Value {
    let shown = problems.prefix(mostErrors).map { problem -> Value in
      [
        "message": .string(String(problem.message.prefix(500))), "code": .string(problem.code), "object": Value(problem.object),
        "file": Value(problem.place?.file), "line": Value(problem.place?.line),
        "fix": Value(problem.fix.map { String($0.prefix(300)) }),
      ]
    }
    return [
      "errors": .list(Array(shown)), "total": .int(problems.count), "category": .string(Problems(problems).category.rawValue),
    ]
  }
}
