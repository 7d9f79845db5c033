// Collects every fault of the specs, up to a limit.
import Core

/// Shared by all loaders of one load; used by one thread.
final class SpecFaults {
  /// More are not worth reading at once.
  static let limit = 1000
  private(set) var problems: [Problem] = []
  /// A default of a file is read once for each of its routes, and its faults reported once.
  private var seen: Set<String> = []

  func add(_ message: String, at place: Place?, code: String = "spec", fix: String? = nil) {
    add([Problem(.invalid, code: code, message, place: place, fix: fix)])
  }

  func add(_ more: [Problem]) {
    for problem in more where problems.count < Self.limit && seen.insert(problem.description).inserted {
      problems.append(problem)
    }
  }

  /// "there is no X named n", with the nearest of the names that exist.
  func unknown(_ what: String, _ name: String, among known: some Collection<String>, at place: Place?) {
    let list = known.count <= 12 && !known.isEmpty ? "Known: \(known.sorted().joined(separator: ", "))." : nil
    add(
      "there is no \(what) \"\(name)\"", at: place,
      fix: nearestName(to: name, among: known).map { "Did you mean \"\($0)\"?" } ?? list)
  }
}
