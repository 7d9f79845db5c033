// An object's members in the order they were written, found by name.

/// Ordered members with unique names. Small maps are searched in line; an index is kept from 17 members on.
/// Two maps are equal when they hold the same members in any order.
public struct ObjectMap: Sendable, ExpressibleByDictionaryLiteral, Sequence {
  public private(set) var keys: [String] = []
  public private(set) var values: [Value] = []
  private var index: [String: Int]? = nil
  private static let indexFrom = 17

  public init() {}

  /// Later members replace earlier ones of the same name.
  public init(_ members: some Sequence<(String, Value)>) {
    for (key, value) in members { self[key] = value }
  }

  public init(dictionaryLiteral elements: (String, Value)...) { self.init(elements) }

  public var count: Int { keys.count }
  public var isEmpty: Bool { keys.isEmpty }

  public subscript(key: String) -> Value? {
    get { position(of: key).map { values[$0] } }
    set {
      switch (position(of: key), newValue) {
      case (let at?, let value?): values[at] = value
      case (let at?, nil): remove(at: at)
      case (nil, let value?): append(key, value)
      case (nil, nil): break
      }
    }
  }

  public func has(_ key: String) -> Bool { position(of: key) != nil }

  /// Adds a member whose name is known to be new. Readers that have checked for duplicates use this.
  public mutating func append(_ key: String, _ value: Value) {
    keys.append(key)
    values.append(value)
    if index != nil { index![key] = keys.count - 1 } else if keys.count >= Self.indexFrom { rebuildIndex() }
  }

  public mutating func reserveCapacity(_ count: Int) {
    keys.reserveCapacity(count)
    values.reserveCapacity(count)
  }

  /// The same members sorted by name: the form to hash, compare as text, or list for people.
  public func sorted() -> ObjectMap {
    ObjectMap(keys.indices.sorted { keys[$0] < keys[$1] }.map { (keys[$0], values[$0]) })
  }

  public func makeIterator() -> AnyIterator<(key: String, value: Value)> {
    var at = 0
    return AnyIterator {
      guard at < keys.count else { return nil }
      defer { at += 1 }
      return (keys[at], values[at])
    }
  }

  private func position(of key: String) -> Int? {
    if let index { return index[key] }
    return keys.firstIndex(of: key)
  }

  private mutating func remove(at position: Int) {
    keys.remove(at: position)
    values.remove(at: position)
    guard index != nil else { return }
    if keys.count >= Self.indexFrom { rebuildIndex() } else { index = nil }
  }

  private mutating func rebuildIndex() {
    index = Dictionary(uniqueKeysWithValues: keys.enumerated().map { ($1, $0) })
  }
}

extension ObjectMap: Hashable {
  public static func == (a: ObjectMap, b: ObjectMap) -> Bool {
    a.count == b.count && a.keys.indices.allSatisfy { b[a.keys[$0]] == a.values[$0] }
  }

  public func hash(into hasher: inout Hasher) {
    var sum = 0
    for (key, value) in self {
      var member = Hasher()
      member.combine(key)
      member.combine(value)
      sum &+= member.finalize()
    }
    hasher.combine(sum)
  }
}
