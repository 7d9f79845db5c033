// The header fields of a request or a response, in order.

/// Names are compared without regard to case. All text lies in one buffer, so that a request with twenty fields costs two
/// allocations, and a field becomes a String only when somebody asks for it.
public struct HTTPHeaders: Sendable, Sequence, ExpressibleByDictionaryLiteral {
  struct Entry {
    var nameStart: UInt32
    var nameEnd: UInt32
    var valueStart: UInt32
    var valueEnd: UInt32
  }

  private(set) var text: [UInt8] = []
  private(set) var entries: [Entry] = []

  public init() {}

  public init(dictionaryLiteral elements: (String, String)...) {
    for (name, value) in elements { add(name, value) }
  }

  /// For the parser: `text` holds the fields at `entries`, already checked.
  init(text: [UInt8], entries: [Entry]) {
    self.text = text
    self.entries = entries
  }

  public var count: Int { entries.count }
  public var isEmpty: Bool { entries.isEmpty }

  /// The first value of `name`. Setting replaces all of them; nil removes them.
  public subscript(name: String) -> String? {
    get { index(of: name).map { value(entries[$0]) } }
    set {
      remove(name)
      if let newValue { add(name, newValue) }
    }
  }

  /// All values of `name`, in order.
  public func all(_ name: String) -> [String] {
    entries.indices.filter { matches(entries[$0], name) }.map { value(entries[$0]) }
  }

  public func contains(_ name: String) -> Bool { index(of: name) != nil }

  /// Appends a field. Control characters in `value` become spaces and a `name` that is no token adds nothing, so that no text
  /// a user gave can end a header early.
  public mutating func add(_ name: String, _ value: String) {
    guard !name.isEmpty, name.utf8.allSatisfy({ ByteClasses.token[Int($0)] }) else { return }
    let nameStart = UInt32(text.count)
    text.append(contentsOf: name.utf8)
    let valueStart = UInt32(text.count)
    for byte in value.utf8 { text.append(ByteClasses.value[Int(byte)] ? byte : 32) }
    entries.append(Entry(nameStart: nameStart, nameEnd: valueStart, valueStart: valueStart, valueEnd: UInt32(text.count)))
  }

  public mutating func remove(_ name: String) {
    entries = entries.filter { !matches($0, name) }
  }

  public func makeIterator() -> AnyIterator<(name: String, value: String)> {
    var next = 0
    return AnyIterator {
      guard next < entries.count else { return nil }
      let entry = entries[next]
      next += 1
      return (slice(entry.nameStart, entry.nameEnd), value(entry))
    }
  }

  func index(of name: String) -> Int? {
    var n = 0
    while n < entries.count {
      if matches(entries[n], name) { return n }
      n += 1
    }
    return nil
  }

  private func value(_ entry: Entry) -> String { slice(entry.valueStart, entry.valueEnd) }

  private func slice(_ start: UInt32, _ end: UInt32) -> String {
    text.withUnsafeBufferPointer { String(decoding: UnsafeBufferPointer(rebasing: $0[Int(start)..<Int(end)]), as: UTF8.self) }
  }

  func matches(_ entry: Entry, _ name: String) -> Bool {
    var name = name
    return name.withUTF8 { wanted in
      guard Int(entry.nameEnd - entry.nameStart) == wanted.count else { return false }
      return text.withUnsafeBufferPointer { bytes in
        var n = 0
        while n < wanted.count {
          if lowercased(bytes[Int(entry.nameStart) + n]) != lowercased(wanted[n]) { return false }
          n += 1
        }
        return true
      }
    }
  }
}
