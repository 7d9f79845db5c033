// The entry: a folder of specs to a checked catalog, or every fault of it.
import Core
import Documents
import Foundation
import Kinds

public enum KindLoader {
  /// Loads all families below `folder`. Throws `Problems` (category invalid, each with file, line and column).
  public static func load(_ folder: URL) throws -> KindCatalog {
    let faults = SpecFaults()
    let root = folder.lastPathComponent
    let files = SpecFolder.files(folder, shownAs: root, faults)
    return try load(files: files, root: root, faults)
  }

  public static func load(_ folder: String) throws -> KindCatalog { try load(URL(fileURLWithPath: folder, isDirectory: true)) }

  /// Loads specs that are held in memory; paths are as below the folder: `deploy/App/kind.yaml`.
  public static func load(files: [(path: String, bytes: [UInt8])], root: String = "specs") throws -> KindCatalog {
    try load(files: files, root: root, SpecFaults())
  }

  private static func load(files: [(path: String, bytes: [UInt8])], root: String, _ faults: SpecFaults) throws -> KindCatalog {
    var hash = StableHash()
    let sorted = files.sorted { $0.path < $1.path }
    let parsed = sorted.filter { !$0.path.hasSuffix(".sql") }.compactMap { parse($0.path, $0.bytes, root, faults, &hash) }
    let sql = SQLFiles(sorted, root: root, faults)
    for text in sql.all {
      hash.add(text.name)
      hash.add(text.source)
    }
    let expressions = ExpressionReader(faults: faults)

    var families: [LoadedFamily] = []
    for file in parsed where file.folder == nil {
      if let family = FamilyLoader(file: file, faults: faults, expressions: expressions).load() { families.append(family) }
    }
    var kinds: [LoadedKind] = []
    var kindsByName: [String: KindSpec] = [:]
    for file in parsed where file.name.hasSuffix("/kind.yaml") {
      guard let kind = KindFileLoader(file: file, faults: faults, expressions: expressions).load() else { continue }
      if let other = kindsByName[kind.name] {
        faults.add(
          "the kind \"\(kind.name)\" stands in the family \(other.family) too", at: kind.place,
          fix: "Kind names are unique over all families.")
        continue
      }
      kindsByName[kind.name] = kind
      kinds.append(LoadedKind(spec: kind, file: file))
    }
    for kind in kindsByName.values {
      kind.hasCompactIDs =
        kind.id == .objectid || families.contains { ($0.spec.ids[kind.name] ?? $0.spec.ids["default"]) == .objectid }
    }
    var views: [LoadedView] = []
    var routes: [LoadedRoute] = []
    var viewIndex: [String: ViewSpec] = [:]
    for file in parsed where file.name.hasSuffix("/rest.yaml") {
      guard let family = families.first(where: { $0.spec.name == file.family }) else {
        // The faults of a family.yaml that is there are told already.
        if !files.contains(where: { $0.path == "\(file.family)/family.yaml" }) {
          faults.add("the family \"\(file.family)\" has no family.yaml", at: Place(file: file.name, line: 1, column: 1))
        }
        continue
      }
      let loaded = RestLoader(
        file: file, faults: faults, expressions: expressions, family: family, kinds: kindsByName, sql: sql
      ).load()
      for view in loaded.views {
        let key = "\(file.family).\(view.spec.kind).\(view.spec.name)"
        if viewIndex.updateValue(view.spec, forKey: key) != nil { faults.add("the view \(key) stands twice", at: view.place) }
        views.append(view)
      }
      routes += loaded.routes
    }

    let catalog = KindCatalog(
      kinds: kinds.map(\.spec), families: families.map(\.spec), routes: routes.map { RouteCheck.withTarget($0) },
      views: viewIndex, digest: hash.text, sql: sql.all)
    // A file that cannot be read would make its SQL files look forgotten.
    if faults.problems.isEmpty { sql.checkUse() }
    KindCheck(kinds: kindsByName, faults: faults).check(kinds)
    KindCheck(kinds: kindsByName, faults: faults).check(families.map(\.spec))
    RouteCheck(catalog: catalog, faults: faults).check(routes, views)
    let names = ExpressionCheck(kinds: kindsByName, faults: faults)
    for expression in expressions.pending { names.check(expression) }
    guard faults.problems.isEmpty else { throw Problems(faults.problems.sorted { place($0) < place($1) }) }
    return catalog
  }

  private static func place(_ problem: Problem) -> (String, Int, Int) {
    (problem.place?.file ?? "", problem.place?.line ?? 0, problem.place?.column ?? 0)
  }

  /// The one document of a file. Its values, not its spelling, count for the digest.
  private static func parse(_ path: String, _ bytes: [UInt8], _ root: String, _ faults: SpecFaults, _ hash: inout StableHash)
    -> SpecFile?
  {
    let name = "\(root)/\(path)"
    let result = YAMLReader.documents(bytes, file: name)
    faults.add(result.problems)
    guard result.problems.isEmpty else { return nil }
    guard result.documents.count == 1, let node = result.documents[0].node else {
      faults.add("a spec file holds one document, not \(result.documents.count)", at: Place(file: name, line: 1, column: 1))
      return nil
    }
    hash.add(path)
    hash.add(JSON.text(node.value))
    let parts = path.split(separator: "/").map(String.init)
    return SpecFile(name: name, family: parts[0], folder: parts.count > 2 ? parts[1] : nil, root: node, bytes: bytes)
  }
}

struct LoadedKind {
  let spec: KindSpec
  let file: SpecFile
}
