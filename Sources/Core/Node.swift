// A document tree that remembers where each value stood: what YAML and JSON readers return.

/// A value with its place. Mapping keys keep their own places, so that an unknown key can be pointed at.
public struct Node: Sendable {
  public enum Content: Sendable {
    /// null, bool, int, double or string; never list or object.
    case scalar(Value)
    case sequence([Node])
    case mapping([Member])
  }

  public struct Member: Sendable {
    public var key: String
    public var line: UInt32
    public var column: UInt32
    public var value: Node
    public init(key: String, line: UInt32, column: UInt32, value: Node) {
      self.key = key
      self.line = line
      self.column = column
      self.value = value
    }
  }

  public var content: Content
  public var line: UInt32
  public var column: UInt32

  public init(_ content: Content, line: UInt32, column: UInt32) {
    self.content = content
    self.line = line
    self.column = column
  }

  public func place(in file: String) -> Place { Place(file: file, line: Int(line), column: Int(column)) }

  public subscript(key: String) -> Node? {
    guard case .mapping(let members) = content else { return nil }
    return members.first { $0.key == key }?.value
  }

  public var members: [Member]? { if case .mapping(let m) = content { m } else { nil } }
  public var items: [Node]? { if case .sequence(let s) = content { s } else { nil } }
  public var string: String? { if case .scalar(.string(let s)) = content { s } else { nil } }

  /// The tree without its places.
  public var value: Value {
    switch content {
    case .scalar(let v): return v
    case .sequence(let items): return .list(items.map(\.value))
    case .mapping(let members):
      var map = ObjectMap()
      map.reserveCapacity(members.count)
      for m in members { map.append(m.key, m.value.value) }
      return .object(map)
    }
  }
}

extension Node.Member {
  public func place(in file: String) -> Place { Place(file: file, line: Int(line), column: Int(column)) }
}
