// Where a program's free variables come from.
import Core

/// Gives values to names. Looked up once for each use of a name, so it should be quick or remember.
public protocol CELScope {
  /// Nil: no such attribute; the use of the name is then a failure.
  func lookup(_ name: String) -> CELValue?
  /// Whether names with dots (`a.b`) are bound as wholes; such a name then goes before the member `b` of `a`.
  var bindsQualifiedNames: Bool { get }
}

extension CELScope {
  public var bindsQualifiedNames: Bool { false }
}

/// An object whose members are found when they are asked for, so that references can be followed lazily.
public protocol CELObject: Sendable {
  /// Nil: no such member. `has(x.name)` asks this too, and a null member counts as absent in lenient programs only.
  func member(_ name: String) -> CELValue?
  var keys: [String] { get }
  /// What tells this object from others, such as its uid; by default its text member `uid`. Within another object, an object with
  /// an identity is compared by it and converted to it, so that references are not followed without end.
  var identity: String? { get }
  /// The CEL name of its type, by default `map`.
  var typeName: String { get }
}

extension CELObject {
  public var identity: String? { member("uid")?.text }
  public var typeName: String { "map" }
}

/// A scope made of names and values.
public struct CELRecord: CELScope, Sendable {
  public var values: [String: CELValue]
  public let bindsQualifiedNames: Bool

  public init(_ values: [String: CELValue] = [:]) {
    self.values = values
    bindsQualifiedNames = values.keys.contains { $0.utf8.contains(UInt8(ascii: ".")) }
  }

  /// The members of a document as names; no names when it is no object.
  public init(_ document: Core.Value) {
    var values: [String: CELValue] = [:]
    for (key, value) in document.object ?? ObjectMap() { values[key] = CELValue(value) }
    self.init(values)
  }

  public func lookup(_ name: String) -> CELValue? { values[name] }
}
