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

  /// A key that no two live objects of a scope may share. The first one is the manifest identity.
  public struct Unique: Sendable {
    public var fields: [String]
    /// Holds only for objects for which this is true (`while`).
    public var condition: CELProgram?
    /// A run's key is free again this long after its creation (`for`).
    public var duration: Duration?
    /// Unique over the installation, not the tenant.
    public var global: Bool
    public var code: String
    public var message: String?
    public init(
      fields: [String], condition: CELProgram? = nil, duration: Duration? = nil, global: Bool = false, code: String = "conflict",
      message: String? = nil
    ) {
      self.fields = fields
      self.condition = condition
      self.duration = duration
      self.global = global
      self.code = code
      self.message = message
    }
  }

  /// The objects of `kind` whose `field` refers here.
  public struct Inverse: Sendable {
    public var name: String
    public var kind: String
    public var field: String
    public init(name: String, kind: String, field: String) {
      self.name = name
      self.kind = kind
      self.field = field
    }
  }

  /// A named feature of plans that the tenant needs for a write. One that no plan names is not sold, and nobody needs it.
  public struct Entitlement: Sendable {
    public var key: String
    /// Over old and self. Nil: at creation, and where `least` rises.
    public var when: CELProgram?
    /// The number that must be granted; nil for a feature that a plan has or has not.
    public var least: CELProgram?
    public init(key: String, when: CELProgram?, least: CELProgram?) {
      self.key = key
      self.when = when
      self.least = least
    }
  }

  /// Another object that rules read: the one of `kind` for which `predicate` holds; null when there is none.
  public struct Let: Sendable {
    public var name: String
    public var kind: String
    public var predicate: CELProgram
    /// The number of matches instead of the object.
    public var count: Bool
    public init(name: String, kind: String, predicate: CELProgram, count: Bool = false) {
      self.name = name
      self.kind = kind
      self.predicate = predicate
      self.count = count
    }
  }

  /// An invariant over `self`, `old` and the lets. It binds manifests, API and controllers alike.
  public struct Rule: Sendable {
    public var when: CELProgram?
    public var require: CELProgram
    public var code: String
    public var message: String
    /// The field that the message is about, as a JSON pointer below /spec; nil for the whole object.
    public var field: String?
    public init(when: CELProgram?, require: CELProgram, code: String, message: String, field: String? = nil) {
      self.when = when
      self.require = require
      self.code = code
      self.message = message
      self.field = field
    }
  }

  /// Children kept in step with this object, written in the same commit.
  public struct Makes: Sendable {
    public var kind: String
    public var when: CELProgram?
    public var each: CELProgram?
    public var itemName: String
    public var fields: [(String, CELProgram)]
    public init(kind: String, when: CELProgram?, each: CELProgram?, itemName: String, fields: [(String, CELProgram)]) {
      self.kind = kind
      self.when = when
      self.each = each
      self.itemName = itemName
      self.fields = fields
    }
  }

  public struct Lifecycle: Sendable {
    public var soft = false
    /// How long a soft-deleted object, a finished run or a record is kept. Nil: for good.
    public var keep: Duration?
    public var protect: CELProgram?
    public var confirm = false
    /// A change of any immutable field but the name makes a manifest's object be replaced.
    public var replace = false
    /// How long versions that were replaced are kept; nil: as long as the installation says.
    public var history: Duration?
    public init() {}
  }

  /// How drift is seen: how often the controller looks, and whether it mends or only reports.
  public struct Observe: Sendable {
    public enum OnDrift: String, Sendable { case correct, report }
    public var every: Duration
    public var onDrift: OnDrift
    /// How its world is looked at, for people.
    public var how: String?
    public init(every: Duration, onDrift: OnDrift, how: String? = nil) {
      self.how = how
      self.every = every
      self.onDrift = onDrift
    }
  }

  public struct Run: Sendable {
    public var timeout: Duration
    public var attempts: Int
    public var keep: Duration?
    /// Waits for a decision while this is true.
    public var gate: CELProgram?
    /// The decision was no.
    public var reject: CELProgram?
    /// What is asked of a service; nil: a controller does it.
    public var call: RunCall?
    public init(timeout: Duration, attempts: Int, keep: Duration?, gate: CELProgram?) {
      self.timeout = timeout
      self.attempts = attempts
      self.keep = keep
      self.gate = gate
    }
  }

  /// What a change makes the services do, for plans: `say` where `when` holds. Over `self` and `old`, as events are.
  public struct Effect: Sendable {
    public var when: CELProgram?
    public var say: CELProgram
    public init(when: CELProgram?, say: CELProgram) {
      self.when = when
      self.say = say
    }
  }

  /// How objects of the revision before become those of `rev`.
  public struct Migration: Sendable {
    public enum Change: Sendable {
      /// Old name, new name.
      case rename([(String, String)])
      /// Field → CEL over `value`, the field before, and `self`, the object before.
      case convert([(String, CELProgram)])
      case drop([String])
    }
    public var rev: Int
    public var change: Change
    public var place: Place?
    public init(rev: Int, change: Change, place: Place? = nil) {
      self.rev = rev
      self.change = change
      self.place = place
    }
  }

  /// One call that a run is made of.
  public struct RunCall: Sendable {
    public var source: String
    public var op: String
    /// Arguments: CEL over the run's fields.
    public var with: [(String, CELProgram)]
    /// What a lost reply means.
    public var kind: Step.Class
    public var deadline: Duration
    public var place: Place?
    public init(
      source: String, op: String, with: [(String, CELProgram)], kind: Step.Class, deadline: Duration, place: Place? = nil
    ) {
      self.source = source
      self.op = op
      self.with = with
      self.kind = kind
      self.deadline = deadline
      self.place = place
    }
  }

  public struct Event: Sendable {
    /// Dotted type such as `app.updated`.
    public var name: String
    /// Over `self` and `old` (null at creation; `self` is null at deletion).
    public var when: CELProgram
    public var doc: String
    /// Of a change of what is observed; the others are of changes of what is wanted.
    public var observed: Bool
    /// The root tenant hears of it too, in whatever tenant it happens.
    public var platform: Bool
    public init(name: String, when: CELProgram, doc: String, observed: Bool = false, platform: Bool = false) {
      self.name = name
      self.when = when
      self.doc = doc
      self.observed = observed
      self.platform = platform
    }
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
