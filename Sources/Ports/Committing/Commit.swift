// One atomic change: everything that a decision wrote, and everything it read that must still hold.
import Core
import Kinds

/// One transaction. All of it happens, or none.
public struct Commit: Sendable {
  public var origin: Origin
  public var writes: [ObjectWrite] = []
  public var statuses: [StatusWrite] = []
  public var pins: [Pin] = []
  public var inventory: [InventoryChange] = []
  public var records: [RecordRow] = []
  public var series: [SeriesWrite] = []
  public var tallies: [TallyWrite] = []
  public var story: [StoryEvent] = []
  /// New intents and changed states, by (tenant, uid, generation, step name).
  public var effects: [EffectRow] = []
  /// Objects whose controllers must look: due at once, or at the time given.
  public var work: [WorkRequest] = []
  /// Work items that this commit finishes: removed (or moved to `due`) only if no one marked them dirty meanwhile.
  public var finished: [FinishedWork] = []
  /// Claims that must hold, one for each shard whose work is in here; none for what is no worker's.
  public var fences: [Fence] = []
  /// The claim of a commit about one shard.
  public var fence: Fence? {
    get { fences.first }
    set { fences = newValue.map { [$0] } ?? [] }
  }
  public init(origin: Origin) { self.origin = origin }

  /// Both happen, or neither. `origin` stays.
  public mutating func merge(_ other: Commit) {
    writes += other.writes
    statuses += other.statuses
    pins += other.pins
    inventory += other.inventory
    records += other.records
    series += other.series
    tallies += other.tallies
    story += other.story
    effects += other.effects
    work += other.work
    finished += other.finished
    for fence in other.fences where !fences.contains(fence) { fences.append(fence) }
  }
}

/// Feed position of each tenant that the commit touched, and the versions it gave.
public struct CommitResult: Sendable {
  public var positions: [UID: Int]
  public var at: Timestamp
  public var versions: [UID: Int]
  public init(positions: [UID: Int], at: Timestamp, versions: [UID: Int]) {
    self.positions = positions
    self.at = at
    self.versions = versions
  }
}

/// Why a commit did not happen. Nothing was written.
public enum CommitFailure: Error, Sendable {
  /// Objects whose version is not the one that was read, or that are gone.
  case moved([UID])
  /// A unique key is taken: by which object, under which rule.
  case taken([(uid: UID, rule: Int, by: UID, kind: String)])
  /// A reference's target went away.
  case missing([UID])
  /// Objects that still refer to one being deleted.
  case referenced([UID])
  /// A limit would be exceeded.
  case exceeded([Problem])
  /// The shard has another holder now.
  case fenced
}
