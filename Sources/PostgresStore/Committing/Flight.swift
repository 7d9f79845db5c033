// Statements gathered to be sent in one go, each with what is to be done with its rows.

/// Collects statements and sends them when `run` is called, or earlier when they have grown large.
final class Flight {
  /// Bytes of parameters that are gathered before they are sent.
  private static let maxBytes = 4 << 20

  private let connection: Connection
  private var statements: [(sql: String, parameters: [Parameter])] = []
  private var readers: [((Rows) throws -> Void)?] = []
  private var bytes = 0

  init(_ connection: Connection) { self.connection = connection }

  func add(_ sql: String, _ parameters: [Parameter] = [], then read: ((Rows) throws -> Void)? = nil) throws {
    statements.append((sql, parameters))
    readers.append(read)
    bytes += parameters.reduce(0) { $0 + ($1.bytes?.count ?? 0) }
    if bytes > Self.maxBytes { try run() }
  }

  func run() throws {
    let readers = self.readers
    let rows = try connection.pipeline(statements)
    statements = []
    self.readers = []
    bytes = 0
    for (rows, read) in zip(rows, readers) { try read?(rows) }
  }
}

/// Rows put into one statement, at most.
let chunkSize = 10_000

extension Array {
  /// The elements in runs of at most `chunkSize`.
  var chunks: [ArraySlice<Element>] {
    stride(from: 0, to: count, by: chunkSize).map { self[$0..<Swift.min($0 + chunkSize, count)] }
  }
}
