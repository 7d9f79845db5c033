// The open connections of a loop, found by the token that epoll returns.

/// A token holds the descriptor and a generation: an event that was waiting when its connection closed must not reach the next
/// connection on the same descriptor.
struct ConnectionTable {
  /// By descriptor.
  private(set) var slots: [Connection?] = []
  private var generation: UInt64 = 0
  private(set) var count = 0

  var isEmpty: Bool { count == 0 }
  /// A snapshot: closing connections while going through it is safe.
  var all: [Connection] { isEmpty ? [] : slots.compactMap { $0 } }

  mutating func nextToken(for socket: Int32) -> UInt64 {
    generation = (generation + 1) & 0x3FFF_FFFF
    return generation << 32 | UInt64(UInt32(socket))
  }

  subscript(token: UInt64) -> Connection? {
    let index = Int(token & 0xFFFF_FFFF)
    guard index < slots.count, let connection = slots[index], connection.token == token else { return nil }
    return connection
  }

  mutating func insert(_ connection: Connection) {
    let index = Int(connection.socket)
    while slots.count <= index { slots.append(nil) }
    slots[index] = connection
    count += 1
  }

  mutating func remove(_ connection: Connection) {
    slots[Int(connection.socket)] = nil
    count -= 1
  }
}
