// One numbered step of the database's layout.

/// SQL that takes the layout from `number - 1` to `number`. Never edited once released: a later number mends it.
struct Migration: Sendable {
  var number: Int
  var title: String
  var sql: String

  /// All of them, in order.
  static let all: [Migration] = [.m001Base, .m002Drift, .m003Hosts, .m004Totals, .m005Series, .m006Past]
}
