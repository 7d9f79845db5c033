// How a family shows the identifiers of objects, and reads them back.
import Core
import Kinds
import Ports

/// An identifier as a client wrote it, understood.
enum PublicID: Sendable, Hashable {
  case uid(UID)
  case name(String)
}

/// Styles by kind: the family's, else the kind's own, else the family's `default`, else uuid.
/// `objectid` is the uid in 24 digits: uids of such kinds are made so that they can be; older ones are shown as uuids.
final class IDCodec: Sendable {
  /// What `IDStyle.prefixed` puts after its prefix: the uid's 32 hexadecimal digits.
  private static let digits = 32

  let family: FamilySpec
  let catalog: KindCatalog
  /// Only the kinds whose style is not the standard one.
  private let special: [String: KindSpec.IDStyle]
  private let standard: KindSpec.IDStyle

  init(family: FamilySpec, catalog: KindCatalog) {
    self.family = family
    self.catalog = catalog
    standard = family.ids["default"] ?? .uuid
    var special: [String: KindSpec.IDStyle] = [:]
    for kind in catalog.kinds {
      let style = family.ids[kind.name] ?? (kind.id == .uuid ? standard : kind.id)
      if style != standard { special[kind.name] = style }
    }
    self.special = special
  }

  func style(_ kind: String) -> KindSpec.IDStyle { special.isEmpty ? standard : special[kind] ?? standard }

  /// True where the id is not the uid in another spelling, so that the object itself must be read to show it.
  func needsObject(_ kind: String) -> Bool { style(kind) == .name }

  func text(_ object: StoredObject) -> String {
    switch style(object.kind) {
    case .name: object.name
    default: text(object.uid, kind: object.kind)
    }
  }

  func text(_ uid: UID, kind: String) -> String {
    switch style(kind) {
    case .objectid: uid.objectID ?? uid.description
    case .prefixed(let prefix): prefix + uid.description.filter { $0 != "-" }
    default: uid.description
    }
  }

  /// Nil when the text cannot be an id of that kind.
  func read(_ text: String, kind: String) -> PublicID? { Self.read(text, style: style(kind)) }

  static func read(_ text: String, style: KindSpec.IDStyle) -> PublicID? {
    switch style {
    case .name: text.isEmpty || text.utf8.count > 253 ? nil : .name(text)
    case .prefixed(let prefix):
      text.hasPrefix(prefix) ? uid(digits: text.dropFirst(prefix.count)).map(PublicID.uid) : nil
    case .objectid: (UID(objectID: text) ?? UID(text)).map(PublicID.uid)
    default: UID(text).map(PublicID.uid)
    }
  }

  private static func uid(digits text: Substring) -> UID? {
    guard text.utf8.count == digits, text.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) }),
      let high = UInt64(text.prefix(16), radix: 16), let low = UInt64(text.suffix(16), radix: 16)
    else { return nil }
    return UID(high: high, low: low)
  }
}
