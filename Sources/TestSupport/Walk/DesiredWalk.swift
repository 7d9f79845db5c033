// A random walk through desired states: each step states another set of objects; the platform must get there, exactly.
import Core
import Foundation
import Kinds
import Planning
import Ports
import Reconciling

/// Where the walk is walked: a simulated platform, or a real store.
public protocol WalkTarget: Sendable {
  func apply(_ files: [ApplyFile], prune: Bool, dryRun: Bool) async throws -> ApplyOutcome
  /// Live objects of a kind in the tenant where the walk's objects of that kind stand.
  func objects(_ kind: String) async throws -> [StoredObject]
  /// What the workers have not looked at, after a while.
  func settle() async throws -> [String]
}

public final class DesiredWalk: @unchecked Sendable {
  /// Objects that stand at once.
  static let most = 30
  /// Draws for one step: schemas do not tell all that rules forbid.
  static let maxDraws = 60

  private let catalog: KindCatalog
  private let sampler: KindSampler
  private let kinds: [KindSpec]
  private var state: [WalkObject] = []
  private var number = 0
  /// Kinds of which an object stood at some time.
  public private(set) var reached: Set<String> = []
  /// Draws that the platform refused, by their problem's code.
  public private(set) var refused: [String: Int] = [:]
  public var candidates: Set<String> { Set(kinds.map(\.name)) }

  /// - Parameter leavingOut: kinds that would change what the walk itself may do.
  public init(catalog: KindCatalog, seed: UInt64, leavingOut: Set<String> = ["Tenant", "Policy"]) {
    self.catalog = catalog
    sampler = KindSampler(catalog: catalog, random: SeededRandom(seed: seed))
    kinds = catalog.kinds.filter {
      $0.isDeclarable && !$0.retired && !leavingOut.contains($0.name) && ($0.identityField != nil || $0.isSingleton)
    }
    .sorted { $0.name < $1.name }
  }

  /// Takes a step and looks whether its state was reached. Throws Problem, with the state, when it was not.
  public func step(_ target: any WalkTarget) async throws {
    for _ in 0..<Self.maxDraws {
      let before = state
      guard change() else { continue }
      do {
        _ = try await target.apply([file()], prune: true, dryRun: false)
      } catch let problems as Problems {
        // What the schema allows and a rule forbids: another draw.
        guard problems.list.allSatisfy({ [.invalid, .conflict, .refused, .denied].contains($0.category) }) else { throw problems }
        for problem in problems.list { refused[problem.code, default: 0] += 1 }
        state = before
        continue
      }
      let open = try await target.settle()
      if let first = open.first { throw fault("it does not settle: \(first)") }
      try await compare(target)
      reached.formUnion(state.map(\.kind))
      return
    }
    throw fault("no step was found in \(Self.maxDraws) draws; refused: \(refused)")
  }

  private func fault(_ text: String) -> Problem {
    Problem(.failure, code: "walk", "\(text)\n\(String(decoding: file().bytes, as: UTF8.self))")
  }

  // MARK: Drawing

  private func change() -> Bool {
    let choice = sampler.draw(10)
    if state.isEmpty || choice < 5 && state.count < Self.most { return add() }
    if choice < 7 { return remove() }
    let at = sampler.draw(state.count)
    guard let kind = catalog.kind(state[at].kind),
      let spec = sampler.spec(kind, name: state[at].name, known: { self.names($0) }, from: state[at].spec), spec != state[at].spec
    else { return false }
    state[at].spec = spec
    return true
  }

  private func names(_ kind: String) -> [String] { state.filter { $0.kind == kind }.map(\.name) }

  /// Kinds that were not there yet come first.
  private func add() -> Bool {
    let fresh = kinds.filter { !reached.contains($0.name) }
    let pool = fresh.isEmpty || sampler.draw(2) == 0 ? kinds : fresh
    return add(pool[sampler.draw(pool.count)], depth: 0)
  }

  /// Adds an object, and what it must refer to first.
  private func add(_ kind: KindSpec, depth: Int) -> Bool {
    guard depth < 5, kinds.contains(where: { $0.name == kind.name }), !(kind.isSingleton && !names(kind.name).isEmpty) else {
      return false
    }
    for field in kind.fields where field.required && field.writer == .any && field.type != .list {
      guard let target = field.reference?.kind, names(target).isEmpty else { continue }
      guard let spec = catalog.kind(target), add(spec, depth: depth + 1) else { return false }
    }
    number += 1
    var name = "default"
    if let identity = kind.identityField, let field = kind.field(identity) {
      guard let text = sampler.text(field, number: number) else { return false }
      name = text
    }
    guard let spec = sampler.spec(kind, name: name, known: { self.names($0) }) else { return false }
    state.append(WalkObject(kind: kind.name, name: name, spec: spec))
    return true
  }

  /// Takes an object away that no other names.
  private func remove() -> Bool {
    let at = sampler.draw(state.count)
    let gone = state[at]
    let isNamed = state.contains { other in
      guard let kind = catalog.kind(other.kind) else { return false }
      return kind.references(in: other.spec).contains { $0.reference.kind == gone.kind && $0.value.string == gone.name }
    }
    if isNamed { return false }
    state.remove(at: at)
    return !state.isEmpty
  }

  private func file() -> ApplyFile {
    var text = "# A step of a random walk.\n"
    for object in state {
      guard let kind = catalog.kind(object.kind) else { continue }
      let document: Value = [
        "apiVersion": .string(kind.apiVersion), "kind": .string(object.kind), "metadata": ["name": .string(object.name)],
        "spec": .object(object.spec),
      ]
      text += "---\n\(JSON.text(document))\n"
    }
    return ApplyFile(name: "walk.yaml", bytes: Array(text.utf8))
  }

  // MARK: Looking

  private func compare(_ target: any WalkTarget) async throws {
    let again = try await target.apply([file()], prune: true, dryRun: true)
    if again.plan.hasChanges {
      let items = again.plan.items.filter { $0.action != .unchanged }.map { "\($0.action) \($0.label) \($0.changes.map(\.path))" }
      throw fault("the same set would change something again: \(items)")
    }
    for (kind, objects) in Dictionary(grouping: state, by: \.kind) {
      let stored = try await target.objects(kind)
      let wanted = Set(objects.map(\.name))
      let present = Set(stored.filter { object in object.owners.values.contains { $0.manager == .set("walk") } }.map(\.name))
      let known = Set(stored.map(\.name))
      guard wanted.isSubset(of: known), present.isSubset(of: wanted) else {
        throw fault("\(kind): wanted \(wanted.sorted()), stored \(present.sorted())")
      }
    }
  }
}
