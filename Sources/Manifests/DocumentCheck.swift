// One document: which object it means, and whether its fields are as its kind says.
import Core
import Kinds

struct DocumentCheck {
  let node: Node
  let file: String
  let catalog: KindCatalog
  private(set) var problems: [Problem] = []
  private var object: String?

  private static let keys = ["apiVersion", "kind", "metadata", "spec"]
  private static let example = "{apiVersion: FAMILY/v1, kind: KIND, metadata: {name: NAME}, spec: {…}}"

  init(node: Node, file: String, catalog: KindCatalog) {
    self.node = node
    self.file = file
    self.catalog = catalog
  }

  mutating func fault(_ code: String, _ message: String, _ place: Place, pointer: String? = nil, fix: String? = nil) {
    problems.append(Problem(.invalid, code: code, message, place: place, pointer: pointer, object: object, fix: fix))
  }

  mutating func manifest(index: Int, range: Range<Int>) -> Manifest? {
    guard let members = node.members else {
      fault("type", "a manifest is a map, not \(node.value.typePhrase)", node.place(in: file), fix: "Write \(Self.example).")
      return nil
    }
    for member in members where !Self.keys.contains(member.key) { unknown(member) }
    let kind = self.kind()
    var metadata = MetadataReader(node["metadata"], at: member("metadata"), kind: kind)
    metadata.read(&self)
    if let kind, let name = metadata.name { object = "\(kind.name)/\(name)" }
    // Faults found before the name was known are about the same object.
    for n in problems.indices where problems[n].object == nil { problems[n].object = object }
    guard let kind else { return nil }
    let spec = self.spec(kind, name: metadata.name)
    guard let name = metadata.name else { return nil }
    return Manifest(
      kind: kind, tenant: metadata.tenant, name: name, labels: metadata.labels, protect: metadata.protect,
      movedFrom: metadata.movedFrom,
      unmanaged: metadata.unmanaged, onDrift: metadata.onDrift, spec: spec, file: file, documentIndex: index, range: range,
      node: node)
  }

  private func member(_ key: String) -> Place {
    node.members?.first { $0.key == key }?.place(in: file) ?? node.place(in: file)
  }

  private mutating func unknown(_ member: Node.Member) {
    let fix: String?
    switch member.key {
    case "status": fix = "Status is observed, never declared: remove it."
    default:
      fix = nearestName(to: member.key, among: Self.keys).map { "Did you mean \"\($0)\"?" } ?? "A manifest is \(Self.example)."
    }
    fault(
      "unknown_field", "there is no key \"\(member.key)\" in a manifest", member.place(in: file),
      pointer: "/\(FieldCheck.escape(member.key))", fix: fix)
  }

  // MARK: Kind

  private mutating func text(_ key: String, example: String) -> String? {
    guard let value = node[key] else {
      fault("required", "\"\(key)\" is missing", node.place(in: file), pointer: "/\(key)", fix: "Such as \(key): \(example).")
      return nil
    }
    guard let text = value.string, !text.isEmpty else {
      fault("type", "\"\(key)\" is text", value.place(in: file), pointer: "/\(key)", fix: "Such as \(key): \(example).")
      return nil
    }
    return text
  }

  private mutating func kind() -> KindSpec? {
    let version = text("apiVersion", example: "deploy/v1")
    guard let name = text("kind", example: "App") else { return nil }
    let place = node["kind"]?.place(in: file) ?? node.place(in: file)
    guard let kind = catalog.kind(name) else {
      let family = version.flatMap { $0.split(separator: "/").first.map(String.init) }
      let declarable = catalog.kinds.filter(\.isDeclarable)
      let names = declarable.filter { $0.family == family }.map(\.name)
      let near = nearestName(to: name, among: names) ?? nearestName(to: name, among: declarable.map(\.name))
      let known =
        !names.isEmpty && names.count <= 12 ? "Kinds of \(version ?? ""): \(names.sorted().joined(separator: ", "))." : nil
      fault(
        "unknown_kind", "there is no kind \"\(name)\"", place, pointer: "/kind",
        fix: near.map { "Did you mean \"\($0)\"?" } ?? known)
      return nil
    }
    if let version, version != kind.apiVersion {
      let versionPlace = node["apiVersion"]?.place(in: file) ?? place
      let versions = Set(catalog.kinds.map(\.apiVersion))
      let message = versions.contains(version) ? "\(name) is no kind of \(version)" : "there is no apiVersion \"\(version)\""
      fault("unknown_version", message, versionPlace, pointer: "/apiVersion", fix: "\(name) is of \(kind.apiVersion).")
    }
    if !kind.isDeclarable {
      let what =
        switch kind.storage {
        case .record: "a record, appended by programs"
        case .run: "a run, started through the API"
        default: "data, written by programs through the API"
        }
      fault("not_declarable", "\(name) is \(what): it is not declared in manifests", place, pointer: "/kind")
      return nil
    }
    return kind
  }

  // MARK: Spec

  private mutating func spec(_ kind: KindSpec, name: String?) -> ObjectMap {
    let value = node["spec"]?.value ?? .emptyObject
    // An empty `spec:` states nothing.
    guard var map = value.isNull ? ObjectMap() : value.object else {
      fault(
        "type", "\"spec\" is a map, not \(value.typePhrase)", node["spec"]?.place(in: file) ?? node.place(in: file),
        pointer: "/spec")
      return ObjectMap()
    }
    let identity = kind.identityField
    if let identity, let name {
      if let stated = map[identity], !stated.isNull, stated != .string(name) {
        fault(
          "name", "\"\(identity)\" must equal metadata.name \"\(name)\"", node.place(at: "/spec/\(identity)", in: file),
          pointer: "/spec/\(identity)",
          fix: "Remove it: metadata.name stands for it.")
      }
      map[identity] = .string(name)
    }
    for problem in FieldCheck.check(.object(map), against: kind.fields, mode: .manifest) { take(problem, identity) }
    for key in map.keys where map[key]?.isNull == true { map[key] = nil }
    return FieldNormal.object(map, kind.fields)
  }

  /// A fault of a field, with the place where it stands.
  private mutating func take(_ problem: Problem, _ identity: String?) {
    var problem = problem
    let pointer = problem.pointer ?? "/spec"
    if let identity, pointer == "/spec/\(identity)", node["spec"]?[identity] == nil {
      // What metadata.name stands for is faulty there.
      if problem.code == "required" { return }
      problem.pointer = "/metadata/name"
      problem.place = node.place(at: "/metadata/name", in: file)
    } else if problem.code == "required" {
      problem.place = node["spec"] == nil ? node.place(in: file) : node.place(at: pointer, in: file, ofKey: true)
    } else {
      problem.place = node.place(at: pointer, in: file, ofKey: ["unknown_field", "read_only"].contains(problem.code))
    }
    problem.object = object
    problems.append(problem)
  }
}
