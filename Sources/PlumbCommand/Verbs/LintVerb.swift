// plumb lint: checks manifests without a server: schema, references across the set, rules that need nothing stored.
import Core
import Documents
import KindLoading
import Kinds
import Manifests
import Planning
import Ports

enum LintVerb {
  static let verb = Verb(
    name: "lint", summary: "Check manifests offline: schema, references across the set, rules.",
    flags: [
      Flag.file, Flag("specs", value: "DIR", "Folder of the kinds; else PLUMB_SPECS, else the one beside the program."),
      Flag("strict", "References that leave the set are errors."),
    ],
    notes: ["What only the server knows is not checked: names taken, limits, objects outside of the set."],
    examples: ["plumb lint -f shop/", "plumb lint -f shop/ --strict"], run: run)

  static func run(_ arguments: Arguments, _ console: Console) throws -> ExitCode {
    let files = try SetFiles.read(arguments.values("file"))
    let catalog = try KindLoader.load(try SpecsPlace.find(arguments.value("specs") ?? Environment.value("PLUMB_SPECS")))
    let set = ManifestReader.read(files: files.map { ($0.name, $0.bytes) }, catalog: catalog)
    let planned = OfflinePlan.problems(set.manifests, catalog: catalog)
    let problems = set.problems + BesideFaults.standing(planned, beside: set.problems, catalog: catalog)
    let leaving = arguments.has("strict") ? [] : problems.filter { $0.code == OfflinePlan.leavesTheSet }
    for problem in leaving { console.error("note: \(problem)") }
    let errors = problems.filter { !leaving.contains($0) }
    if !errors.isEmpty { throw Problems(errors) }
    console.line(
      "\(set.manifests.count) objects, no errors" + (leaving.isEmpty ? "" : ", \(leaving.count) references leave the set"))
    return .done
  }
}

/// Plans a set against an empty world.
enum OfflinePlan {
  static let leavesTheSet = "missing_reference"
  /// A planner that still asks after so many rounds has a fault.
  static let rounds = 100

  static func problems(_ manifests: [Manifest], catalog: KindCatalog) -> [Problem] {
    var tenants: [String: UID] = ["": UID(high: 0x7000, low: 0x8000_0000_0000_0100), "root": .rootTenant]
    let intents = manifests.map { manifest in
      let name = manifest.tenant ?? ""
      let tenant = tenants[name] ?? UID(high: 0x7000, low: 0x8000_0000_0000_0100 + UInt64(tenants.count))
      tenants[name] = tenant
      return Intent(
        .apply, .key(ObjectKey(tenant: tenant, kind: manifest.kind.name, name: manifest.name)),
        fields: withPlaceholders(manifest),
        labels: manifest.labels, protect: manifest.protect, place: manifest.place, places: manifest.places, checked: true,
        writer: .any)
    }
    let now = SystemClock().now()
    let origin = Origin(manager: .set("lint"), actor: "lint", action: "lint")
    var snapshot = Snapshot()
    for _ in 0..<rounds {
      // A fresh mint gives the same uids again, so that what was asked about them stays answered.
      let context = PlanningContext(catalog: catalog, now: now, origin: origin, minting: LintMint(), cleanup: [])
      switch Planner.plan(intents, snapshot: snapshot, context: context) {
      case .done(let plan): return plan.problems
      case .needs(let facts): for fact in facts { answer(fact, &snapshot) }
      }
    }
    return [Problem(.failure, code: "lint", "The set cannot be planned.", fix: "Report this as a fault of plumb.")]
  }

  /// Secrets that only an apply reads count as given.
  private static func withPlaceholders(_ manifest: Manifest) -> ObjectMap {
    var spec = manifest.spec
    for secret in manifest.secrets {
      let name = String(secret.pointer.dropFirst("/spec/".count))
      if spec.has(name) { spec[name] = LintMint.sealed }
    }
    return spec
  }

  /// Nothing is stored.
  static func answer(_ fact: Fact, _ snapshot: inout Snapshot) {
    switch fact {
    case .key(let key): snapshot.byKey[key] = .some(nil)
    case .uid(_, let uid): snapshot.byUID[uid] = .some(nil)
    case .holder: snapshot.holders[fact] = .some(nil)
    case .referrers(_, let uid): snapshot.referrers[uid] = []
    case .find: snapshot.found[fact] = []
    case .count: snapshot.counts[fact] = 0
    case .policies(let tenant): snapshot.policies[tenant] = []
    case .limits(let tenant): snapshot.limits[tenant] = .some(nil)
    case .grants(let tenant): snapshot.grants[tenant] = TenantGrants(plan: nil, granted: [:], sold: [:])
    case .sequence(_, _, let count): snapshot.sequences[fact] = 1..<(1 + count)
    }
  }
}

/// Stands for what a server mints. Used by one thread.
private final class LintMint: Minting, @unchecked Sendable {
  static let sealed: Value = ["$sealed": "lint", "$digest": "lint"]
  private var count: UInt64 = 0

  func uid(at now: Timestamp) -> UID {
    count += 1
    return UID(high: 0x1_7000, low: 0x8000_0000_0000_0000 | count)
  }
  func token(prefix: String, length: Int) -> String { prefix + String(repeating: "x", count: length) }
  func hash(_ plain: String) -> Value { ["$hash": "lint"] }
  func seal(_ plain: String, context: String) -> Value { Self.sealed }
}
