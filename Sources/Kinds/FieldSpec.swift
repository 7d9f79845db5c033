// One field of a kind: its type, its limits, who writes it. LANGUAGES: "Field".
import Core
import Expressions

/// A field as its kind.yaml declares it. Also the shape of list items, map values, object members, and route arguments.
/// A class, so that handing one on costs one reference count; set only while specs are loaded, shared by all threads after.
public final class FieldSpec: @unchecked Sendable {
  public enum FieldType: String, Sendable, CaseIterable {
    case string, integer, number, decimal, boolean, timestamp, date, duration, bytes, map, list, object, blob, any
  }
  /// Who may write it. `any`: manifests and the API. `api`: operational (never in manifests). `controller`: observed, part of status.
  public enum Writer: String, Sendable { case any, api, controller }
  /// How a secret is kept: `hash` (SHA-256, compared only), `sealed` (encrypted, readable by the server), `password` (scrypt).
  public enum SecretStorage: String, Sendable { case hash, sealed, password }
  public enum OnDelete: String, Sendable { case restrict, cascade, clear, confirm }

  public struct Reference: Sendable {
    /// `Kind`, or `family/Kind` in the spec; here always the kind's name.
    public var kind: String
    public var onDelete: OnDelete
    /// Acyclic: an object may not reach itself through this field.
    public var tree: Bool
    /// May name an object of another tenant, as `{name, tenant}`.
    public var crossTenant: Bool
    public init(kind: String, onDelete: OnDelete = .restrict, tree: Bool = false, crossTenant: Bool = false) {
      self.kind = kind
      self.onDelete = onDelete
      self.tree = tree
      self.crossTenant = crossTenant
    }
  }

  /// A value minted once, in the transaction of the request that creates the object.
  public struct Generate: Sendable {
    public enum Source: Sendable {
      /// Random token: `prefix` then `length` characters of base62. `bytes: N` in the spec gives ceil(N*8/5.95) characters.
      case token(prefix: String, length: Int)
      /// Made from another field's text: lower case, dashes; `-2`, `-3` … when taken.
      case slug(from: String)
      /// Next number of this kind in this tenant.
      case sequence
      /// Next number without gaps, as text: `prefix` and at least `width` digits. Given by the store in the commit; records only.
      case gapless(prefix: String, width: Int)
      case uuid
    }
    public var source: Source
    /// A field whose every change mints the value anew.
    public var again: String?
    /// How long the previous value stays valid after minting anew.
    public var grace: Duration?
    public init(source: Source, again: String? = nil, grace: Duration? = nil) {
      self.source = source
      self.again = again
      self.grace = grace
    }
  }

  public var name: String
  public var type: FieldType
  public var doc: String?
  public var required = false
  /// Evaluated without `self` when the field is absent at creation.
  public var defaultValue: CELProgram?
  public var allowed: [String] = []
  /// Enum transitions: from → to. Empty: any.
  public var moves: [String: [String]] = [:]
  /// For numbers the value, for strings the number of characters, for lists the number of items.
  public var min: Double?
  public var max: Double?
  /// A regular expression over the whole text, checked by the RE2 subset of Expressions.
  public var pattern: String?
  /// email, url, hostname, domain, uuid, slug, cidr, cron, color, phone, semver, ...
  public var format: String?
  public var immutable = false
  /// Why it never changes, for whoever tries.
  public var immutableBecause: String?
  /// Immutable, but a manifest that changes it has the object replaced by a new one.
  public var replace = false
  public var writer: Writer = .any
  public var secret: SecretStorage?
  public var generate: Generate?
  /// Never stored; evaluated when read.
  public var computed: CELProgram?
  public var reference: Reference?
  /// Item or value shape of `list` and `map`. A box, since structs cannot nest themselves.
  public var items: [FieldSpec] = []
  /// Members of `object`.
  public var fields: [FieldSpec] = []
  /// For a list of objects: the member that identifies an item, so that items merge instead of replacing the list.
  public var key: String?
  public var indexed = false
  public var wakes = false
  /// Text that is the uid of an object of this kind, which may be gone: families show and read it in their own style of ids.
  public var idOf: String?
  /// Where it stands in its kind.yaml.
  public var place: Place?

  public init(name: String, type: FieldType) {
    self.name = name
    self.type = type
  }

  /// A field of its own with the same facts, for a loader that changes some.
  public func copy() -> FieldSpec {
    let copy = FieldSpec(name: name, type: type)
    (copy.doc, copy.required, copy.defaultValue, copy.allowed, copy.moves) = (doc, required, defaultValue, allowed, moves)
    (copy.min, copy.max, copy.pattern, copy.format, copy.immutable) = (min, max, pattern, format, immutable)
    (copy.writer, copy.secret, copy.generate, copy.computed, copy.reference) = (writer, secret, generate, computed, reference)
    (copy.replace, copy.immutableBecause, copy.idOf) = (replace, immutableBecause, idOf)
    (copy.items, copy.fields, copy.key, copy.indexed, copy.wakes, copy.place) = (items, fields, key, indexed, wakes, place)
    return copy
  }

  /// Item or value shape of a list or map.
  public var of: FieldSpec? { items.first }
  /// True for what controllers write: it lives in status, not in spec.
  public var isObserved: Bool { writer == .controller }
}
