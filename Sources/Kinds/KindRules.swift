// What binds the objects of a kind: keys, references from elsewhere, what rules read, rules, children, what a plan must grant.
import Core
import Expressions

extension KindSpec {
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
}
