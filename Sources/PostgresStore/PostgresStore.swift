// The store on PostgreSQL. docs/STORE.md describes its tables and protocols.
import Core
import Foundation
import Kinds
import Ports

/// One per process and catalog. All operations are atomic; failures of the database are `Problem`s in plain words.
public final class PostgresStore: StorePort, @unchecked Sendable {
  let pool: ConnectionPool
  let catalog: KindCatalog
  let dictionary: KindDictionary
  let recordTables: RecordTables
  let signalHub: SignalHub
  let rotation = Rotation()
  public let standby: Standby?
  let times: WorkTimes
  let sqlStatements = SQLStatements()

  /// Brings the database's layout up to date, and loads what is needed to read it. Several replicas may do so at once.
  /// - Parameter standby: where reads for views may go.
  public init(
    pool: ConnectionPool, catalog: KindCatalog, standby: Standby? = nil, times: WorkTimes = WorkTimes()
  ) async throws {
    self.pool = pool
    self.standby = standby
    self.times = times
    self.catalog = catalog
    let tables = try RecordTables(catalog)
    recordTables = tables
    let schema = pool.address.schema
    dictionary = try await pool.run { connection in
      try Migrator(schema: schema).run(connection) {
        try tables.migrate(connection, schema: schema)
        try SchemaChanges.run(connection, catalog: catalog)
        return try KindDictionary.load(connection, catalog: catalog)
      }
    }
    signalHub = try SignalHub(address: pool.address, counter: pool.counter)
  }

  /// The schema that all tables stand in.
  public var schemaName: String { pool.address.schema }

  public func signals() -> AsyncStream<StoreSignal> { signalHub.streams.stream() }

  public func ping() async throws {
    try await pool.run { connection in _ = try connection.query("SELECT 1") }
  }

  public var statementCount: Int { pool.counter.value }

  /// Ends the signal streams and closes every connection, after what was begun.
  public func close() {
    signalHub.close()
    standby?.close()
    pool.close()
  }
}

/// The tenant that the last fair round ended with.
final class Rotation: @unchecked Sendable {
  private let lock = NSLock()
  private var last = UID(high: 0, low: 0)
  var tenant: UID {
    get { lock.withLock { last } }
    set { lock.withLock { last = newValue } }
  }
}
