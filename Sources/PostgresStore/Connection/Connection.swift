// One libpq connection: prepared statements by their text, pipelines, transactions. Used by one thread at a time.
import CLibPQ
import Core
import Foundation

/// A session with the server. Blocking; every method throws `DatabaseError`.
final class Connection {
  /// Prepared statements kept on the server for each connection; the least recently used goes.
  static let maxPrepared = 200
  private static let connectSeconds = 5

  let handle: OpaquePointer
  let counter: StatementCounter
  private var prepared: [String: (name: String, used: Int)] = [:]
  private var uses = 0
  private var names = 0
  /// COMMIT is on its way: a lost connection leaves its outcome open.
  private(set) var commitSent = false

  init(_ address: DatabaseAddress, counter: StatementCounter, listening: Bool = false) throws {
    let keywords = ["dbname", "application_name", "client_encoding", "connect_timeout"]
    let values = [address.connection, "plumb", "UTF8", "\(Self.connectSeconds)"]
    let connection = Self.withCStrings(keywords) { k in Self.withCStrings(values) { PQconnectdbParams(k, $0, 1) } }
    guard let connection else { throw DatabaseError(state: "", message: "out of memory", connectionLost: true) }
    handle = connection
    self.counter = counter
    // All is set from here on: what is thrown runs deinit, which closes the connection.
    guard PQstatus(handle) == CONNECTION_OK else {
      let message = String(cString: PQerrorMessage(handle)).trimmingCharacters(in: .whitespacesAndNewlines)
      throw DatabaseError(state: "", message: message, connectionLost: true)
    }
    PQsetNoticeProcessor(handle, { _, _ in }, nil)
    guard PQserverVersion(handle) >= 150_000 else {
      let version = PQserverVersion(handle) / 10_000
      throw Problem(.unavailable, code: "database_old", "The database is PostgreSQL \(version); 15 or newer is needed.")
    }
    // A silent holder of a head row would block its tenant. All our statements are found through indexes, and plans are
    // kept from the time when tables were empty: a sequential scan chosen then would be wrong later.
    try command(
      """
      SET search_path TO \(DatabaseAddress.identifier(address.schema)), pg_temp; SET timezone TO 'UTC'; SET jit TO off;
      SET client_min_messages TO warning; SET enable_seqscan TO off; SET default_transaction_isolation TO 'read committed';
      SET idle_in_transaction_session_timeout TO '2s'; SET lock_timeout TO '20s'; SET statement_timeout TO '\(listening ? 0 : 120)s'
      """)
  }

  deinit { PQfinish(handle) }

  var isBroken: Bool { PQstatus(handle) != CONNECTION_OK }
  var inTransaction: Bool { PQtransactionStatus(handle) != PQTRANS_IDLE }
  var backend: Int { Int(PQbackendPID(handle)) }

  /// Runs statements without parameters, several with `;` between them. Returns nothing.
  func command(_ sql: String) throws {
    counter.add(1)
    let result = PQexec(handle, sql)
    defer { PQclear(result) }
    try check(result, sql: sql)
  }

  /// Runs one statement, prepared on first use.
  func query(_ sql: String, _ parameters: [Parameter] = []) throws -> Rows {
    try Self.refuseNUL(parameters)
    let name = try prepare(sql)
    counter.add(1)
    let result = Self.withParameters(parameters) { PQexecPrepared(handle, name, Int32(parameters.count), $0, $1, $2, 1) }
    do { try check(result, sql: sql) } catch {
      PQclear(result)
      throw error
    }
    return Rows(result)
  }

  /// Runs statements in one flight: all are sent before any answer is read. The first failure is thrown; what follows it was not done.
  func pipeline(_ statements: [(sql: String, parameters: [Parameter])]) throws -> [Rows] {
    if statements.isEmpty { return [] }
    if statements.count == 1 { return [try query(statements[0].sql, statements[0].parameters)] }
    for statement in statements { try Self.refuseNUL(statement.parameters) }
    let names = try statements.map { try prepare($0.sql) }
    counter.add(statements.count)
    guard PQenterPipelineMode(handle) == 1 else { throw failure() }
    for (statement, name) in zip(statements, names) {
      let sent = Self.withParameters(statement.parameters) {
        PQsendQueryPrepared(handle, name, Int32(statement.parameters.count), $0, $1, $2, 1)
      }
      guard sent == 1 else { throw failure() }
    }
    guard PQpipelineSync(handle) == 1 else { throw failure() }
    var rows: [Rows] = []
    var fault: Error?
    for statement in statements {
      let result = PQgetResult(handle)
      if result == nil { throw failure() }
      do {
        try check(result, sql: statement.sql)
        rows.append(Rows(result))
      } catch {
        PQclear(result)
        if isBroken { throw failure() }
        fault = fault ?? error
      }
      // Each statement's results end with a null.
      while let extra = PQgetResult(handle) { PQclear(extra) }
    }
    PQclear(PQgetResult(handle))
    guard PQexitPipelineMode(handle) == 1 else { throw failure() }
    if let fault { throw fault }
    return rows
  }

  /// Commits. A connection that breaks from here on leaves the outcome open: `commitSent` tells.
  func commit() throws {
    commitSent = true
    do { try command("COMMIT") } catch let error as DatabaseError {
      if !error.connectionLost, !error.isShutdown { commitSent = false }
      throw error
    }
    commitSent = false
  }

  func rollback() throws { try command("ROLLBACK") }

  /// Runs `body` between BEGIN and COMMIT; rolls back when it throws.
  func transaction<T>(_ body: () throws -> T) throws -> T {
    try command("BEGIN")
    do {
      let value = try body()
      try commit()
      return value
    } catch {
      if !isBroken, inTransaction { try? rollback() }
      throw error
    }
  }

  /// Names and types of what a statement would return; it is prepared, not run.
  func columns(of sql: String) throws -> [SQLStatement.Column] {
    let name = try prepare(sql)
    counter.add(1)
    let result = PQdescribePrepared(handle, name)
    defer { PQclear(result) }
    try check(result, sql: sql)
    return (0..<PQnfields(result)).map { column in
      SQLStatement.Column(
        name: PQfname(result, column).map { String(cString: $0) } ?? "", type: Int(PQftype(result, column)))
    }
  }

  private func prepare(_ sql: String) throws -> String {
    uses += 1
    if let known = prepared[sql] {
      prepared[sql]?.used = uses
      return known.name
    }
    if prepared.count >= Self.maxPrepared, let oldest = prepared.min(by: { $0.value.used < $1.value.used }) {
      prepared[oldest.key] = nil
      PQclear(PQexec(handle, "DEALLOCATE \(oldest.value.name)"))
    }
    names += 1
    let name = "s\(names)"
    let result = PQprepare(handle, name, sql, 0, nil)
    defer { PQclear(result) }
    try check(result, sql: sql)
    prepared[sql] = (name, uses)
    return name
  }

  private func check(_ result: OpaquePointer?, sql: String) throws {
    switch PQresultStatus(result) {
    case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY: return
    case PGRES_PIPELINE_ABORTED:
      throw DatabaseError(state: "25P02", message: "an earlier statement failed", connectionLost: false)
    default:
      guard result != nil, let state = PQresultErrorField(result, Int32(UInt8(ascii: "C"))) else { throw failure() }
      let primary = PQresultErrorField(result, Int32(UInt8(ascii: "M"))).map { String(cString: $0) } ?? ""
      let position = PQresultErrorField(result, Int32(UInt8(ascii: "P"))).flatMap { Int(String(cString: $0)) }
      throw DatabaseError(state: String(cString: state), message: primary, connectionLost: isBroken, sql: sql, position: position)
    }
  }

  private func failure() -> DatabaseError {
    let message = String(cString: PQerrorMessage(handle)).trimmingCharacters(in: .whitespacesAndNewlines)
    return DatabaseError(state: "", message: message.isEmpty ? "the connection was lost" : message, connectionLost: true)
  }

  private static func withCStrings<R>(_ texts: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> R) -> R {
    let copies = texts.map { strdup($0) }
    defer { for copy in copies { free(copy) } }
    return (copies.map { UnsafePointer($0) } + [nil]).withUnsafeBufferPointer { body($0.baseAddress!) }
  }

  /// Text parameters end at their first NUL: one that holds another would be cut without a word. PostgreSQL itself refuses it in binary ones.
  private static func refuseNUL(_ parameters: [Parameter]) throws {
    for parameter in parameters where !parameter.isBinary {
      guard let bytes = parameter.bytes, bytes.withUnsafeBytes({ $0.baseAddress.flatMap { memchr($0, 0, bytes.count) } }) != nil
      else { continue }
      throw DatabaseError(state: "22021", message: "a text holds the character NUL", connectionLost: false)
    }
  }

  private typealias Values = UnsafePointer<UnsafePointer<CChar>?>
  private typealias Numbers = UnsafePointer<Int32>

  /// Lays all parameters into one buffer, each ended by NUL, and passes pointers into it, their lengths and their forms.
  private static func withParameters<R>(_ parameters: [Parameter], _ body: (Values?, Numbers?, Numbers?) -> R) -> R {
    if parameters.isEmpty { return body(nil, nil, nil) }
    let size = parameters.reduce(0) { $0 + ($1.bytes?.count ?? 0) + 1 }
    let lengths = parameters.map { Int32($0.bytes?.count ?? 0) }
    let forms = parameters.map { $0.isBinary ? Int32(1) : 0 }
    return withUnsafeTemporaryAllocation(of: UnsafePointer<CChar>?.self, capacity: parameters.count) { pointers in
      let buffer = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 1)
      defer { buffer.deallocate() }
      var at = 0
      for (n, parameter) in parameters.enumerated() {
        guard let bytes = parameter.bytes else {
          pointers.initializeElement(at: n, to: nil)
          continue
        }
        bytes.withUnsafeBytes { if let base = $0.baseAddress { memcpy(buffer + at, base, bytes.count) } }
        buffer.storeBytes(of: 0, toByteOffset: at + bytes.count, as: UInt8.self)
        pointers.initializeElement(at: n, to: UnsafePointer((buffer + at).assumingMemoryBound(to: CChar.self)))
        at += bytes.count + 1
      }
      return lengths.withUnsafeBufferPointer { lengths in
        forms.withUnsafeBufferPointer { forms in
          body(pointers.baseAddress.map { UnsafePointer($0) }, lengths.baseAddress, forms.baseAddress)
        }
      }
    }
  }
}

/// Statements sent since the start, over all connections.
final class StatementCounter: @unchecked Sendable {
  private let lock = NSLock()
  private var count = 0
  func add(_ n: Int) { lock.withLock { count += n } }
  var value: Int { lock.withLock { count } }
}
