// One kind: what its objects hold, which rules bind them, what follows from them. LANGUAGES: "kind.yaml".
import Core
import Expressions

/// A kind, loaded from `specs/<family>/<Kind>/kind.yaml` and checked. A class for the reason that `FieldSpec` is one.
public final class KindSpec: @unchecked Sendable {
  public enum Storage: String, Sendable { case resource, data, record, run }
  public enum Scope: String, Sendable { case tenant, organization, shared, platform }
  public enum IDStyle: Sendable, Equatable {
    case uuid, serial
    case prefixed(String)
    case objectid, name
  }

  public var family: String
  public var name: String
  public var doc: String
  public var rev = 1
  public var migrations: [Migration] = []
  public var retired = false
  public var storage: Storage = .resource
  public var scope: Scope = .tenant
  public var id: IDStyle = .uuid
  public let fields: [FieldSpec]
  public var unique: [Unique] = []
  public var inverses: [Inverse] = []
  public var lets: [Let] = []
  public var rules: [Rule] = []
  public var makes: [Makes] = []
  public var lifecycle = Lifecycle()
  public var events: [Event] = []
  public var effects: [Effect] = []
  /// Indexed fields (and `createdAt`) that one index of this kind holds, so that its lists are counted and paged from that alone.
  public var lists: [String] = []
  public var observe: Observe?
  public var run: Run?
  /// Running sums over this record kind's rows.
  public var totals: [Total] = []
  /// What is written to the audit log when an object of the kind is created, updated or deleted.
  public var audit = Audit()
  /// What the tenant's plan must grant.
  public var entitlements: [Entitlement] = []
  /// Name of the Swift controller; nil when data is enough, and then the object is ready once it is stored.
  public var controller: String?
  public var place: Place?
  private var fieldIndex: [String: Int] = [:]

  public init(family: String, name: String, doc: String, fields: [FieldSpec]) {
    self.family = family
    self.name = name
    self.doc = doc
    self.fields = fields
    referring = fields.filter(Self.refers)
    noun = Self.snake(name)
    holdsSecrets = fields.contains(where: Self.holdsSecret)
    hasTree = fields.contains { $0.reference?.tree ?? false }
    fieldIndex = Dictionary(fields.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
  }

  public func field(_ name: String) -> FieldSpec? { fieldIndex[name].map { fields[$0] } }

  /// The field under whose name a secret was sealed: `previousX` holds what `X` was, for as long as its grace lasts.
  public func sealedName(_ field: FieldSpec) -> String {
    guard field.name.hasPrefix("previous") else { return field.name }
    let rest = field.name.dropFirst(8)
    let current = rest.prefix(1).lowercased() + rest.dropFirst()
    return self.field(current)?.generate?.grace == nil ? field.name : current
  }

  /// The string field that `metadata.name` stands for; nil when the identity is composite.
  public var identityField: String? {
    guard let first = unique.first, first.fields.count == 1, let field = field(first.fields[0]), field.type == .string,
      field.reference == nil
    else { return nil }
    return field.name
  }

  /// One object a tenant: `unique: [[]]`.
  public var isSingleton: Bool { unique.first?.fields.isEmpty ?? false }
  /// `deploy/v1`
  public var apiVersion: String { "\(family)/v1" }
  /// Stated in manifests.
  public var isDeclarable: Bool { storage == .resource }

  /// `server_pool` of `ServerPool`: the first word of its events.
  public let noun: String
  /// Some family shows ids of this kind as ObjectIDs: its uids are made compact.
  public var hasCompactIDs = false
  /// A new uid as this kind's objects have it.
  public func minted(_ uid: UID) -> UID { hasCompactIDs ? uid.compact : uid }
  /// Some field is a secret, or holds one.
  public let holdsSecrets: Bool
  /// Some field leads to objects of this kind and must end.
  public let hasTree: Bool

  private static func snake(_ name: String) -> String {
    var out = ""
    for character in name {
      if character.isUppercase, !out.isEmpty { out += "_" }
      out += character.lowercased()
    }
    return out
  }

  private static func holdsSecret(_ field: FieldSpec) -> Bool {
    field.secret != nil || field.items.contains(where: holdsSecret) || field.fields.contains(where: holdsSecret)
  }

  /// Fields that are references or hold some.
  private let referring: [FieldSpec]

  private static func refers(_ field: FieldSpec) -> Bool {
    field.reference != nil || field.items.contains(where: refers) || field.fields.contains(where: refers)
  }

  /// Each reference of an object, with its field path; lists and members included.
  public func references(in spec: ObjectMap) -> [(path: [String], reference: FieldSpec.Reference, value: Value)] {
    var found: [([String], FieldSpec.Reference, Value)] = []
    func walk(_ field: FieldSpec, _ value: Value, _ path: [String]) {
      if let reference = field.reference, field.type != .list, !value.isNull { found.append((path, reference, value)) }
      switch value {
      case .list(let items): if let of = field.of { for (n, item) in items.enumerated() { walk(of, item, path + ["\(n)"]) } }
      case .object(let map):
        if field.type == .map, let of = field.of {
          for (key, item) in map { walk(of, item, path + [key]) }
        } else {
          for member in field.fields { if let item = map[member.name] { walk(member, item, path + [member.name]) } }
        }
      default: break
      }
    }
    for field in referring { if let value = spec[field.name] { walk(field, value, [field.name]) } }
    return found
  }
}
