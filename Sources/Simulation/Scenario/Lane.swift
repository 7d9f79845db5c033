// The wishes of one client.

/// Wishes about one thing, in order: its client makes the next when the last was granted.
struct Lane: Sendable {
  var tenant: Int
  /// Name of the app or server.
  var name: String
  var wishes: [Wish]
}
