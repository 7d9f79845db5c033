// A mapping while it is read: finds duplicate keys without slowing down in large maps.
import Core

/// Members in order, with a search by key that stays quick in large maps.
struct KeyedMembers {
  private(set) var list: [Node.Member] = []
  private var lines: [String: UInt32] = [:]
  private static let indexFrom = 17

  mutating func add(_ member: Node.Member) {
    list.append(member)
    if list.count == Self.indexFrom {
      for m in list { if lines[m.key] == nil { lines[m.key] = m.line } }
    } else if list.count > Self.indexFrom, lines[member.key] == nil {
      lines[member.key] = member.line
    }
  }

  func lineOf(_ key: String) -> UInt32? {
    if list.count >= Self.indexFrom { return lines[key] }
    return list.first { $0.key == key }?.line
  }
}
