// One declared object as its author wrote it, checked against its kind.
import Core
import Documents
import Kinds

public struct Manifest: Sendable {
  public let kind: KindSpec
  /// Name of the tenant; nil: the tenant that owns the set.
  public let tenant: String?
  public let name: String
  /// Nil: not stated.
  public let labels: [String: String]?
  public let protect: Bool?
  /// The name that the object had before, should it be renamed.
  public let movedFrom: String?
  /// Fields that are left to others: what was stated before is let go of, and keeps its value.
  public let unmanaged: [String]
  /// `correct` or `report`, for this object alone.
  public let onDrift: String?
  /// The fields that are stated, in one spelling (`FieldNormal`); the identity field is left out or equals `name`.
  public let spec: ObjectMap
  /// As the user named it.
  public let file: String
  /// Number of the document in its file from 0, empty ones left out.
  public let documentIndex: Int
  /// The bytes of the file that hold it: what to hash.
  public let range: Range<Int>
  public let node: Node

  /// `Kind/name`
  public var object: String { "\(kind.name)/\(name)" }
  public var place: Place { node.place(in: file) }

  /// Where the value at a JSON pointer stands, or the nearest thing around it that is written.
  public func place(_ pointer: String) -> Place { node.place(at: pointer, in: file) }

  /// Every `/spec/…` and `/metadata/…` pointer with the place of its value.
  public var places: [String: Place] {
    var found: [String: Place] = [:]
    for part in ["metadata", "spec"] { node[part]?.collect(into: &found, "/\(part)", file) }
    return found
  }

  /// Secrets that the spec refers to.
  public var secrets: [SecretReference] { SecretReference.all(in: self) }
}

/// All manifests of a set of files.
public struct ManifestSet: Sendable {
  public var manifests: [Manifest]
  public var problems: [Problem]

  public init(manifests: [Manifest] = [], problems: [Problem] = []) {
    self.manifests = manifests
    self.problems = problems
  }
}
