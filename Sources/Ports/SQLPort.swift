// Read-only SQL over the kinds, for what views and filters cannot say. Whoever asks names a tenant, and sees its rows alone.
import Core
import Kinds

/// One run of an SQL file.
public struct SQLQuery: Sendable {
  /// Rows returned where nothing else is said, and at most.
  public static let standardRows = 1000
  public static let maxRows = 10_000
  public static let standardTimeout: Duration = .seconds(5)
  public static let maxTimeout: Duration = .seconds(60)

  public var text: SQLText
  /// Rows of this tenant, and shared ones of the platform.
  public var tenant: UID
  /// Whose spelling of ids the column `id` has.
  public var family: String
  /// By name, in stored form.
  public var parameters: ObjectMap
  public var limit: Int
  public var offset: Int
  public var wantsTotal: Bool
  public var timeout: Duration

  public init(
    text: SQLText, tenant: UID, family: String, parameters: ObjectMap = [:], limit: Int = SQLQuery.standardRows, offset: Int = 0,
    wantsTotal: Bool = false, timeout: Duration = SQLQuery.standardTimeout
  ) {
    self.text = text
    self.tenant = tenant
    self.family = family
    self.parameters = parameters
    self.limit = limit
    self.offset = offset
    self.wantsTotal = wantsTotal
    self.timeout = timeout
  }
}

/// Rows in the order of the statement. Whole numbers and floating-point numbers are numbers, `numeric` is exact text, times are RFC 3339
/// in UTC, `json` and arrays are themselves.
public struct SQLPage: Sendable {
  public var rows: [ObjectMap]
  public var total: Int?
  public init(rows: [ObjectMap], total: Int?) {
    self.rows = rows
    self.total = total
  }
}

public protocol SQLPort: Sendable {
  /// Prepares every file without running it. Faults name file, line and column.
  func check(_ files: [(text: SQLText, family: String)]) async throws -> [Problem]
  /// Throws Problem(.invalid) for a parameter that is no value of its type, Problem(.timeout) when it takes too long.
  func rows(_ query: SQLQuery) async throws -> SQLPage
}
