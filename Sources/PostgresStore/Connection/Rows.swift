// The rows a statement returned, decoded from PostgreSQL's binary form.
import CLibPQ
import Core

/// A result. Not to leave the thread of its connection.
final class Rows {
  private let result: OpaquePointer?
  let count: Int
  /// Rows that a write touched.
  let affected: Int

  init(_ result: OpaquePointer?) {
    self.result = result
    count = Int(PQntuples(result))
    affected = Int(String(cString: PQcmdTuples(result))) ?? 0
  }
  deinit { PQclear(result) }

  var isEmpty: Bool { count == 0 }
  subscript(row: Int) -> Row { Row(rows: self, index: Int32(row)) }
  func map<T>(_ transform: (Row) throws -> T) rethrows -> [T] { try (0..<count).map { try transform(self[$0]) } }

  fileprivate func cell(_ row: Int32, _ column: Int32) -> UnsafeRawBufferPointer? {
    guard PQgetisnull(result, row, column) == 0 else { return nil }
    return UnsafeRawBufferPointer(start: PQgetvalue(result, row, column), count: Int(PQgetlength(result, row, column)))
  }
}

/// One row. Columns are read by position, with the type that the statement gives them.
struct Row {
  fileprivate let rows: Rows
  fileprivate let index: Int32

  func cell(_ column: Int) -> UnsafeRawBufferPointer? { rows.cell(index, Int32(column)) }
  func isNull(_ column: Int) -> Bool { cell(column) == nil }

  /// smallint, int or bigint; 0 for null.
  func int(_ column: Int) -> Int { optionalInt(column) ?? 0 }
  func optionalInt(_ column: Int) -> Int? {
    guard let bytes = cell(column) else { return nil }
    switch bytes.count {
    case 2: return Int(Int16(bigEndian: bytes.loadUnaligned(as: Int16.self)))
    case 4: return Int(Int32(bigEndian: bytes.loadUnaligned(as: Int32.self)))
    case 8: return Int(Int64(bigEndian: bytes.loadUnaligned(as: Int64.self)))
    default: return nil
    }
  }
  func bool(_ column: Int) -> Bool { cell(column)?.first == 1 }
  func double(_ column: Int) -> Double {
    guard let bytes = cell(column), bytes.count == 8 else { return 0 }
    return Double(bitPattern: UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)))
  }
  func optionalText(_ column: Int) -> String? { cell(column).map { String(decoding: $0, as: UTF8.self) } }
  func text(_ column: Int) -> String { optionalText(column) ?? "" }
  func bytes(_ column: Int) -> [UInt8] { cell(column).map { Array($0) } ?? [] }
  func optionalUID(_ column: Int) -> UID? {
    guard let bytes = cell(column), bytes.count == 16 else { return nil }
    return UID(
      high: UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
      low: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
  }
  func uid(_ column: Int) -> UID { optionalUID(column) ?? UID(high: 0, low: 0) }

  /// Microseconds from 1970 to 2000, where PostgreSQL starts to count.
  private static let epoch = 946_684_800_000_000
  func optionalTime(_ column: Int) -> Timestamp? { optionalInt(column).map { Timestamp(microseconds: $0 &+ Self.epoch) } }
  func time(_ column: Int) -> Timestamp { optionalTime(column) ?? Timestamp(microseconds: 0) }

  /// jsonb; null for SQL null.
  func json(_ column: Int) throws -> Value {
    guard let bytes = cell(column), bytes.count > 1 else { return .null }
    // The first byte is the version of jsonb's binary form.
    return try JSON.parse(UnsafeRawBufferPointer(rebasing: bytes.dropFirst()))
  }
}
