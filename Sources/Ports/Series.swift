// Numbers over time that belong to one object, and sums of them by hour: dense rows beside the objects, written in their commits.
import Core

/// One number of a series. At one moment a channel has one value.
public struct SeriesPoint: Sendable, Hashable {
  public var at: Timestamp
  /// What was measured, as its owner's kind numbers it; 0 to 32,767.
  public var channel: Int
  public var value: Double
  /// The owner's own flag, such as "reconstructed".
  public var mark: Bool
  public init(at: Timestamp, channel: Int, value: Double, mark: Bool = false) {
    self.at = at
    self.channel = channel
    self.value = value
    self.mark = mark
  }
}

/// Points to keep for one object; a point at the same moment of the same channel takes the place of the one before.
public struct SeriesWrite: Sendable {
  public var tenant: UID
  public var owner: UID
  /// Everything kept so far goes first.
  public var replaces: Bool
  public var points: [SeriesPoint]
  public init(tenant: UID, owner: UID, replaces: Bool = false, points: [SeriesPoint]) {
    self.tenant = tenant
    self.owner = owner
    self.replaces = replaces
    self.points = points
  }
}

/// What one object adds to the hours of a group: these amounts take the place of all that it added before.
public struct TallyWrite: Sendable {
  public var tenant: UID
  public var owner: UID
  public var group: UID
  /// A part of the group, such as one connector of a station.
  public var part: UID
  /// Start of the hour and amount; each hour once.
  public var amounts: [(hour: Timestamp, amount: Double)]
  public init(tenant: UID, owner: UID, group: UID, part: UID, amounts: [(hour: Timestamp, amount: Double)]) {
    self.tenant = tenant
    self.owner = owner
    self.group = group
    self.part = part
    self.amounts = amounts
  }
}

/// The sum of all amounts of a part in one hour.
public struct TallyRow: Sendable, Hashable {
  public var part: UID
  public var hour: Timestamp
  public var amount: Double
  public init(part: UID, hour: Timestamp, amount: Double) {
    self.part = part
    self.hour = hour
    self.amount = amount
  }
}

/// What goes into the commit of a write beside its objects.
public struct Attachments: Sendable {
  public var series: [SeriesWrite] = []
  public var tallies: [TallyWrite] = []
  /// Objects whose controllers must look, by when.
  public var work: [WorkRequest] = []
  public var records: [RecordRow] = []
  public init() {}

  public func add(to commit: inout Commit) {
    commit.series += series
    commit.tallies += tallies
    commit.work += work
    commit.records += records
  }
}

/// Matching objects gathered into groups, with figures of each group.
public struct GroupQuery: Sendable {
  public enum Figure: Sendable, Hashable {
    case least(FieldPath)
    case greatest(FieldPath)
    case sum(FieldPath)
  }
  /// Which objects: its sort, page and total are not read.
  public var objects: ObjectQuery
  /// The texts of these fields name a group.
  public var by: [FieldPath]
  public var figures: [Figure]
  public enum Order: Sendable, Hashable {
    case key(Int)
    case count
    case figure(Int)
  }
  /// Ends in the keys.
  public var sort: [(order: Order, descending: Bool)]
  public var limit: Int
  public var offset: Int
  public init(
    _ objects: ObjectQuery, by: [FieldPath], figures: [Figure] = [], sort: [(order: Order, descending: Bool)] = [],
    limit: Int = 1000,
    offset: Int = 0
  ) {
    self.objects = objects
    self.by = by
    self.figures = figures
    self.sort = sort
    self.limit = limit
    self.offset = offset
  }
}

public struct GroupRow: Sendable, Hashable {
  /// Nil where the field is not set.
  public var key: [String?]
  public var count: Int
  /// Numbers, or times as RFC 3339 text; null where no object of the group has the field.
  public var figures: [Value]
  public init(key: [String?], count: Int, figures: [Value]) {
    self.key = key
    self.count = count
    self.figures = figures
  }
}

public struct GroupPage: Sendable {
  public var rows: [GroupRow]
  /// Number of groups on all pages.
  public var total: Int
  public init(rows: [GroupRow], total: Int) {
    self.rows = rows
    self.total = total
  }
}

/// What one read of a series gives at most; kinds keep fewer for each object.
public enum SeriesLimits {
  public static let points = 200_000
  public static let tallyRows = 100_000
}
