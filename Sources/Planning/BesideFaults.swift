// All faults of a set at once: which of the planner's findings stand although some of the objects are faulty by themselves. Pure.
import Core
import Kinds

public enum BesideFaults {
  /// What planning found (references that lead nowhere, rules, limits, keys, policies), as far as it does not rest on an object that
  /// `faults` are about.
  public static func standing(_ found: [Problem], beside faults: [Problem], catalog: KindCatalog) -> [Problem] {
    let faulty = Set(faults.compactMap(\.object))
    let told = Set(faults.map { ($0.object ?? "") + ($0.pointer ?? "") })
    let faultyKinds = Set(faulty.compactMap { $0.split(separator: "/").first.map(String.init) })
    func rests(_ problem: Problem) -> Bool {
      problem.code == "missing_reference" && faulty.contains(problem.details["target"]?.string ?? "")
    }
    // What refers to a faulty object was judged without it, and so was what counts objects of its kind.
    let unsure = Set(found.filter(rests).compactMap(\.object))
    return found.filter { problem in
      let object = problem.object ?? ""
      if rests(problem) { return false }
      // A reference is judged by itself, so that of a faulty object too.
      if problem.code == "missing_reference" { return !told.contains(object + (problem.pointer ?? "")) }
      if faulty.contains(object) { return false }
      let kind = catalog.kind(object.split(separator: "/").first.map(String.init) ?? "")
      return !unsure.contains(object) && !(kind?.lets.contains { faultyKinds.contains($0.kind) } ?? false)
    }
  }
}
