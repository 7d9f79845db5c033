// The metadata of a manifest: tenant, name, labels, protection.
import Core
import Kinds

struct MetadataReader {
  static let nameLimit = 253
  static let labelLimit = 64
  static let labelKeyLimit = 128
  static let labelValueLimit = 256

  private(set) var tenant: String?
  private(set) var name: String?
  private(set) var labels: [String: String]?
  private(set) var protect: Bool?
  private(set) var movedFrom: String?
  private(set) var unmanaged: [String] = []
  private(set) var onDrift: String?
  private let node: Node?
  private let at: Place
  private let kind: KindSpec?

  private static let keys = ["tenant", "name", "labels", "protect", "movedFrom", "unmanaged", "onDrift"]
  private static let driftWords = ["correct", "report"]
  static let unmanagedLimit = 200

  /// `at` is where "metadata" stands, or the manifest when there is none.
  init(_ node: Node?, at: Place, kind: KindSpec?) {
    self.node = node
    self.at = at
    self.kind = kind
  }

  mutating func read(_ check: inout DocumentCheck) {
    guard let node else {
      if kind?.isSingleton == true {
        name = Self.singleton
        return
      }
      return check.fault("required", "\"metadata\" is missing", at, pointer: "/metadata", fix: "Such as metadata: {name: NAME}.")
    }
    guard let members = node.members else {
      return check.fault(
        "type", "\"metadata\" is a map, not \(node.value.typePhrase)", node.place(in: check.file), pointer: "/metadata")
    }
    for member in members {
      let place = member.value.place(in: check.file)
      let pointer = "/metadata/\(FieldCheck.escape(member.key))"
      switch member.key {
      case "tenant": tenant = name(member, place, pointer, &check)
      case "name": name = name(member, place, pointer, &check)
      case "movedFrom": movedFrom = name(member, place, pointer, &check)
      case "onDrift":
        if let word = member.value.string, Self.driftWords.contains(word) {
          onDrift = word
        } else {
          check.fault("enum", "\"onDrift\" is correct or report", place, pointer: pointer)
        }
      case "unmanaged": unmanaged = unmanaged(member, place, pointer, &check)
      case "labels": labels = labels(member, place, pointer, &check)
      case "protect":
        if case .scalar(.bool(let flag)) = member.value.content {
          protect = flag
        } else {
          check.fault("type", "\"protect\" is true or false", place, pointer: pointer)
        }
      default:
        let fix =
          nearestName(to: member.key, among: Self.keys).map { "Did you mean \"\($0)\"?" }
          ?? "Known: \(Self.keys.joined(separator: ", "))."
        check.fault(
          "unknown_field", "there is no key \"\(member.key)\" in metadata", member.place(in: check.file), pointer: pointer,
          fix: fix)
      }
    }
    if name == nil, node["name"] == nil {
      if kind?.isSingleton == true {
        name = Self.singleton
      } else {
        check.fault(
          "required", "\"metadata.name\" is missing", node.place(in: check.file), pointer: "/metadata/name",
          fix: "Every object has a name.")
      }
    }
  }

  /// Fields that this manifest leaves to others, as paths such as `replicas` or `env.LOG`.
  private func unmanaged(_ member: Node.Member, _ place: Place, _ pointer: String, _ check: inout DocumentCheck) -> [String] {
    guard let items = member.value.items, items.count <= Self.unmanagedLimit else {
      check.fault(
        "type", "\"unmanaged\" is a list of at most \(Self.unmanagedLimit) fields", place, pointer: pointer,
        fix: "Such as [replicas, env.LOG].")
      return []
    }
    return items.enumerated().compactMap { n, item in
      let at = "\(pointer)/\(n)"
      guard let text = item.string, !text.isEmpty else {
        check.fault("type", "a field is named by text", item.place(in: check.file), pointer: at)
        return nil
      }
      let top = String(text.prefix { $0 != "." })
      if let kind, kind.field(top) == nil {
        check.fault(
          "unknown_field", "\(kind.name) has no field \"\(top)\"", item.place(in: check.file), pointer: at,
          fix: nearestName(to: top, among: kind.fields.map(\.name)).map { "Did you mean \"\($0)\"?" })
      }
      return text
    }
  }

  /// The name of an object of which a tenant has only one.
  static let singleton = "default"

  private func name(_ member: Node.Member, _ place: Place, _ pointer: String, _ check: inout DocumentCheck) -> String? {
    guard let text = member.value.string else {
      let value = member.value.value
      let fix = value.double != nil || value.bool != nil ? "Quote it: \"\(JSON.text(value))\"." : nil
      check.fault("type", "\"\(member.key)\" is text", place, pointer: pointer, fix: fix)
      return nil
    }
    if text.isEmpty {
      check.fault("name", "\"\(member.key)\" is empty", place, pointer: pointer)
      return nil
    }
    if text.unicodeScalars.count > Self.nameLimit {
      check.fault(
        "name", "\"\(member.key)\" has \(text.unicodeScalars.count) characters, at most \(Self.nameLimit) are allowed", place,
        pointer: pointer)
      return nil
    }
    if text.unicodeScalars.contains(where: Self.isForbidden) {
      check.fault(
        "name", "\"\(member.key)\" holds a character that no name may hold", place, pointer: pointer,
        fix: "Leave out spaces, '/' and '#'.")
      return nil
    }
    return text
  }

  private static func isForbidden(_ scalar: Unicode.Scalar) -> Bool {
    // Asked of every letter of every name: ASCII needs no tables.
    if scalar.isASCII { return scalar == "/" || scalar == "#" || scalar.value <= 32 || scalar.value == 127 }
    return scalar.properties.isWhitespace || scalar.properties.generalCategory == .control
  }

  private func labels(_ member: Node.Member, _ place: Place, _ pointer: String, _ check: inout DocumentCheck) -> [String: String]?
  {
    guard let members = member.value.members else {
      // An empty `labels:` states nothing.
      if !member.value.value.isNull {
        check.fault("type", "\"labels\" is a map of texts", place, pointer: pointer, fix: "Such as {team: shop}.")
      }
      return nil
    }
    if members.count > Self.labelLimit {
      check.fault("max", "at most \(Self.labelLimit) labels, not \(members.count)", place, pointer: pointer)
    }
    var labels: [String: String] = [:]
    for label in members {
      let at = pointer + "/" + FieldCheck.escape(label.key)
      if !Self.isLabelKey(label.key) {
        let fix = "Letters, digits and . _ - / between them, at most \(Self.labelKeyLimit)."
        check.fault("name", "\"\(label.key)\" is no label", label.place(in: check.file), pointer: at, fix: fix)
      }
      let value = label.value.value
      guard let text = value.string else {
        let fix = value.double != nil || value.bool != nil ? "Quote it: \"\(JSON.text(value))\"." : nil
        check.fault("type", "the value of a label is text", label.value.place(in: check.file), pointer: at, fix: fix)
        continue
      }
      if text.unicodeScalars.count > Self.labelValueLimit
        || text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control })
      {
        let message = "the value of a label has at most \(Self.labelValueLimit) characters, all printable"
        check.fault("max", message, label.value.place(in: check.file), pointer: at)
      }
      labels[label.key] = text
    }
    return labels
  }

  private static func isLabelKey(_ key: String) -> Bool {
    func isWord(_ c: UInt8) -> Bool { (c | 0x20 >= 97 && c | 0x20 <= 122) || (c >= 48 && c <= 57) }
    guard let first = key.utf8.first, let last = key.utf8.last, isWord(first), isWord(last) else { return false }
    return key.utf8.count <= labelKeyLimit && key.utf8.allSatisfy { isWord($0) || $0 == 46 || $0 == 95 || $0 == 45 || $0 == 47 }
  }
}
