// Objects and their owners between the program and the tables.
import Core
import Kinds
import Ports

/// Owners are many fields of few sources: `{"s": [[manager, actor, µs, commit, file]], "f": {path: source | [source, line, column, also]}}`;
/// `also` is a list of the same form, left out where there is none.
enum OwnersCoding {
  static func value(_ owners: Owners) -> Value {
    if owners.isEmpty { return .emptyObject }
    var sources: [Source: Int] = [:]
    var list: [Value] = []
    var fields = ObjectMap()
    func coded(_ owner: FieldOwner) -> Value {
      let source = Source(manager: owner.manager, actor: owner.actor, at: owner.at, commit: owner.commit, file: owner.place?.file)
      let number = sources[source] ?? list.count
      if number == list.count {
        sources[source] = number
        list.append([
          .string(owner.manager.description), .string(owner.actor), .int(owner.at.microseconds), Value(owner.commit),
          Value(source.file),
        ])
      }
      if owner.also.isEmpty { return owner.place.map { [.int(number), .int($0.line), .int($0.column)] } ?? .int(number) }
      return [
        .int(number), Value(owner.place?.line), Value(owner.place?.column), .list(owner.also.map(coded)),
      ]
    }
    for path in owners.keys.sorted() { if let owner = owners[path] { fields.append(path, coded(owner)) } }
    return ["s": .list(list), "f": .object(fields)]
  }

  static func owners(_ value: Value) -> Owners {
    guard let fields = value["f"].object, let list = value["s"].list else { return [:] }
    let sources = list.map { source -> FieldOwner in
      let parts = source.list ?? []
      func part(_ n: Int) -> Value { n < parts.count ? parts[n] : .null }
      let place = part(4).string.map { Place(file: $0, line: 0, column: 0) }
      return FieldOwner(
        manager: Manager(part(0).string ?? ""), actor: part(1).string ?? "", at: Timestamp(microseconds: part(2).int ?? 0),
        commit: part(3).string, place: place)
    }
    var owners = Owners(minimumCapacity: fields.count)
    for n in fields.keys.indices { if let owner = owner(fields.values[n], sources) { owners[fields.keys[n]] = owner } }
    return owners
  }

  private static func owner(_ value: Value, _ sources: [FieldOwner]) -> FieldOwner? {
    let place = value.list
    guard let number = value.int ?? place?.first?.int, sources.indices.contains(number) else { return nil }
    var owner = sources[number]
    if let place, place.count >= 3, let line = place[1].int, let file = owner.place?.file {
      owner.place = Place(file: file, line: line, column: place[2].int ?? 0)
    } else {
      owner.place = nil
    }
    if let place, place.count == 4 { owner.also = (place[3].list ?? []).compactMap { self.owner($0, sources) } }
    return owner
  }

  private struct Source: Hashable {
    var manager: Manager
    var actor: String
    var at: Timestamp
    var commit: String?
    var file: String?
  }
}

/// The columns of an object with its observed state, and how a row of them is read.
enum ObjectRow {
  /// Over `object o LEFT JOIN observed s`.
  static let columns = """
    o.tenant, o.uid, o.kind, o.name, o.rev, o.version, o.generation, o.spec, o.owners, o.labels, o.protect, o.created, o.updated, \
    o.deleting, o.deleted, s.status, s.generation
    """
  private static let columnsWithoutOwners = columns.replacing("o.owners", with: "NULL::jsonb")
  private static let desiredColumns = columnsWithoutOwners.replacing("s.status, s.generation", with: "NULL::jsonb, NULL::bigint")

  /// PostgreSQL leaves out the join with `observed` when nothing of it is asked for.
  static func columns(owners: Bool, status: Bool) -> String {
    owners ? columns : status ? columnsWithoutOwners : desiredColumns
  }
  static let count = 17
  static let join = "object o LEFT JOIN observed s ON s.tenant = o.tenant AND s.uid = o.uid"

  /// `first` is the position of `o.tenant`.
  static func object(_ row: Row, _ kinds: KindDictionary, first: Int = 0) throws -> StoredObject {
    var object = StoredObject(
      tenant: row.uid(first), uid: row.uid(first + 1), kind: kinds.name(row.int(first + 2)), name: row.text(first + 3),
      rev: row.int(first + 4), version: row.int(first + 5), generation: row.int(first + 6),
      spec: try row.json(first + 7).object ?? ObjectMap(),
      owners: row.isNull(first + 8) ? [:] : OwnersCoding.owners(try row.json(first + 8)),
      labels: try labels(row, first + 9), protected: row.bool(first + 10), created: row.time(first + 11),
      updated: row.time(first + 12),
      deleting: row.optionalTime(first + 13), deleted: row.bool(first + 14), status: try row.json(first + 15),
      observedGeneration: row.int(first + 16))
    if !kinds.changing.isEmpty, let kind = kinds.changing[object.kind] { try Upcast.apply(&object, kind) }
    return object
  }

  static func labels(_ row: Row, _ column: Int) throws -> [String: String] {
    guard !row.isNull(column), let map = try row.json(column).object else { return [:] }
    return Dictionary(map.map { ($0.key, $0.value.string ?? "") }, uniquingKeysWith: { first, _ in first })
  }
}
