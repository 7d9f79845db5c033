// What was read for a page of objects besides the objects themselves.
import Core
import Ports

/// Immutable; shared by all objects of a page.
final class PageData: Sendable {
  struct Related: Sendable {
    /// Objects by the one they belong to; empty when only counted.
    var objects: [UID: [StoredObject]] = [:]
    var counts: [UID: Int] = [:]
    var page = PageData.empty
  }

  static let empty = PageData()

  /// Targets of references, by uid.
  let objects: [UID: StoredObject]
  /// What was read for the targets of each reference field.
  let references: [String: PageData]
  /// Objects that refer here, by inverse name and target.
  let inverses: [String: [UID: [StoredObject]]]
  let inverseCounts: [String: [UID: Int]]
  /// By the number of the plan.
  let related: [Int: Related]
  /// Sums by the number of the plan and the object shown.
  let totals: [Int: [UID: Value]]

  init(
    objects: [UID: StoredObject] = [:], references: [String: PageData] = [:], inverses: [String: [UID: [StoredObject]]] = [:],
    inverseCounts: [String: [UID: Int]] = [:], related: [Int: Related] = [:], totals: [Int: [UID: Value]] = [:]
  ) {
    self.objects = objects
    self.references = references
    self.inverses = inverses
    self.inverseCounts = inverseCounts
    self.related = related
    self.totals = totals
  }
}
