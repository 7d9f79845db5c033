// Maps of CEL: ordered entries with int, uint, bool or string keys, or a wrapped object of the document vocabulary.
import Core

/// An immutable map. Keys that are equal numbers are one key, whatever their type. A wrapped `ObjectMap` costs nothing to
/// wrap: its members are converted when they are read.
public final class CELMap: Sendable {
  /// How many objects inside objects a conversion to a dynamic value follows.
  public static let objectDepth = 4
  /// From this many entries on, a hash index is kept.
  private static let indexFrom = 9

  private enum Storage: Sendable {
    case wrapped(ObjectMap)
    case entries(keys: [CELValue], values: [CELValue], index: [CELKey: Int]?)
  }
  private let storage: Storage

  public init(_ map: ObjectMap) { storage = .wrapped(map) }

  /// String keys; of two members with one name the later wins.
  public convenience init(members: some Sequence<(String, CELValue)>) {
    var keys: [CELValue] = []
    var values: [CELValue] = []
    var at: [String: Int] = [:]
    for (name, value) in members {
      if let known = at[name] {
        values[known] = value
      } else {
        at[name] = keys.count
        keys.append(.string(name))
        values.append(value)
      }
    }
    self.init(keys: keys, values: values, index: nil)
  }

  /// Nil when a key has no allowed type or occurs twice; `fault` then says which.
  static func make(keys: [CELValue], values: [CELValue], fault: inout CELFailure?) -> CELMap? {
    var hashed: [CELKey] = []
    hashed.reserveCapacity(keys.count)
    for key in keys {
      guard let one = CELKey(key), !key.isDouble else {
        fault = CELFailure("unsupported key type: \(key.typeName)")
        return nil
      }
      hashed.append(one)
    }
    let large = keys.count >= indexFrom
    var index: [CELKey: Int] = [:]
    for (at, key) in hashed.enumerated() {
      let known = large ? index.updateValue(at, forKey: key) != nil : hashed[..<at].contains(key)
      if known {
        fault = CELFailure("Failed with repeated key: \(keys[at].shown)")
        return nil
      }
    }
    return CELMap(keys: keys, values: values, index: index)
  }

  /// The map as a value, or the failure that `make` tells.
  static func value(keys: [CELValue], values: [CELValue]) -> CELValue {
    var fault: CELFailure?
    if let map = make(keys: keys, values: values, fault: &fault) { return .map(map) }
    return .error(fault ?? CELFailure("unsupported key"))
  }

  private init(keys: [CELValue], values: [CELValue], index: [CELKey: Int]?) {
    var index = index
    if keys.count < Self.indexFrom {
      index = nil
    } else if index == nil {
      index = Dictionary(keys.enumerated().compactMap { at, key in CELKey(key).map { ($0, at) } }) { $1 }
    }
    storage = .entries(keys: keys, values: values, index: index)
  }

  /// Whether this is a document's object, whose parts are not shared.
  var isWrapped: Bool { if case .wrapped = storage { true } else { false } }

  public var count: Int {
    switch storage {
    case .wrapped(let map): map.count
    case .entries(let keys, _, _): keys.count
    }
  }

  public var keys: [CELValue] {
    switch storage {
    case .wrapped(let map): map.keys.map(CELValue.string)
    case .entries(let keys, _, _): keys
    }
  }

  /// The value at position `at` of `keys`.
  public func value(at position: Int) -> CELValue {
    switch storage {
    case .wrapped(let map): CELValue(map.values[position])
    case .entries(_, let values, _): values[position]
    }
  }

  /// The value under a string key.
  public func member(_ name: String) -> CELValue? {
    switch storage {
    case .wrapped(let map): return map[name].map { CELValue($0) }
    case .entries(let keys, let values, let index):
      if let index { return index[.string(name)].map { values[$0] } }
      for at in keys.indices { if case .string(name) = keys[at] { return values[at] } }
      return nil
    }
  }

  /// The value under any key; nil also for keys of types that maps cannot have.
  public subscript(key: CELValue) -> CELValue? {
    if case .string(let name) = key { return member(name) }
    guard case .entries(let keys, let values, let index) = storage, let hashed = CELKey(key) else { return nil }
    if let index { return index[hashed].map { values[$0] } }
    return keys.firstIndex { CELKey($0) == hashed }.map { values[$0] }
  }

  func converted(objectDepth: Int) -> Core.Value {
    switch storage {
    case .wrapped(let map): return .object(map)
    case .entries(let keys, let values, _):
      var map = ObjectMap()
      map.reserveCapacity(keys.count)
      for at in keys.indices { map[keys[at].shown] = values[at].converted(objectDepth: objectDepth) }
      return .object(map)
    }
  }
}

/// A map key by which equal numbers of any type are found as one.
enum CELKey: Hashable, Sendable {
  case bool(Bool)
  case int(Int)
  case uint(UInt64)
  case string(String)

  init?(_ value: CELValue) {
    switch value {
    case .bool(let b): self = .bool(b)
    case .int(let i): self = .int(i)
    case .uint(let u): self = Int(exactly: u).map(CELKey.int) ?? .uint(u)
    case .double(let d):
      if let i = Int(exactly: d) { self = .int(i) } else if let u = UInt64(exactly: d) { self = .uint(u) } else { return nil }
    case .string(let s): self = .string(s)
    default: return nil
    }
  }
}

extension CELValue {
  var isDouble: Bool { if case .double = self { true } else { false } }

  /// A key or short value as text for messages and for the keys of JSON objects.
  var shown: String {
    switch self {
    case .bool(let b): String(b)
    case .int(let i): String(i)
    case .uint(let u): String(u)
    case .double(let d): String(d)
    case .decimal(let d): d.description
    case .string(let s): s
    default: typeName
    }
  }
}
