// From a method and a path to a route: a trie over segments in which a literal wins over a parameter.
import HTTPServer
import Kinds

/// Immutable once built; matching allocates only the values of parameters.
struct Router: Sendable {
  /// Paths with more segments match nothing.
  static let segmentLimit = 32

  enum Match: Equatable, Sendable {
    /// Number of the route, and the decoded values of its parameters in the order of the path.
    case found(Int, [String])
    /// The path exists under these methods only, sorted.
    case notAllowed([String])
    case missing
    /// A percent escape is broken.
    case malformed
  }

  private struct Node: Sendable {
    /// Sorted by length, then bytes.
    var literals: [(text: [UInt8], node: Int)] = []
    var parameter: Int?
    var methods: [(method: String, route: Int)] = []
  }

  private var nodes: [Node] = [Node()]

  init() {}

  /// False when the method and path (whatever its parameters are called) have a route already.
  mutating func add(method: String, path: [RouteSpec.Segment], route: Int) -> Bool {
    var at = 0
    for segment in path where segment != .literal("") {
      switch segment {
      case .literal(let text):
        let bytes = Array(text.utf8)
        if let known = nodes[at].literals.first(where: { $0.text == bytes }) {
          at = known.node
        } else {
          nodes.append(Node())
          let place = nodes[at].literals.firstIndex { Self.isBefore(bytes, $0.text) } ?? nodes[at].literals.count
          nodes[at].literals.insert((bytes, nodes.count - 1), at: place)
          at = nodes.count - 1
        }
      case .parameter:
        if nodes[at].parameter == nil {
          nodes.append(Node())
          nodes[at].parameter = nodes.count - 1
        }
        at = nodes[at].parameter!
      }
    }
    if nodes[at].methods.contains(where: { $0.method == method }) { return false }
    nodes[at].methods.append((method, route))
    return true
  }

  /// Matches what follows the base in `path` (its bytes from `start`). HEAD is answered by GET.
  func match(method: String, path: String, from start: Int) -> Match {
    let wanted = method == "HEAD" ? "GET" : method
    var path = path
    return path.withUTF8 { bytes in
      var search = Search(router: self, method: wanted, bytes: bytes)
      guard search.split(from: start) else { return search.isMalformed ? .malformed : .missing }
      if let route = search.visit(node: 0, depth: 0) { return .found(route, search.parameters()) }
      if search.isMalformed { return .malformed }
      return search.allowed.isEmpty ? .missing : .notAllowed(Self.complete(search.allowed))
    }
  }

  /// The methods of a path as an `Allow` header lists them.
  private static func complete(_ methods: Set<String>) -> [String] {
    var all = methods.union(["OPTIONS"])
    if all.contains("GET") { all.insert("HEAD") }
    return all.sorted()
  }

  private static func isBefore(_ a: [UInt8], _ b: [UInt8]) -> Bool {
    a.count != b.count ? a.count < b.count : a.lexicographicallyPrecedes(b)
  }

  /// One walk through the trie. Goes back to the parameter branch where a literal led nowhere.
  private struct Search {
    let router: Router
    let method: String
    let bytes: UnsafeBufferPointer<UInt8>
    var segments: [Range<Int>] = []
    /// Decoded text of segments that hold an escape.
    var decoded: [Int: [UInt8]] = [:]
    var taken: [Int] = []
    var allowed: Set<String> = []
    var isMalformed = false
    /// A path that exists was found, under other methods: parameters do not stand in for its literals.
    var isDecided = false

    init(router: Router, method: String, bytes: UnsafeBufferPointer<UInt8>) {
      self.router = router
      self.method = method
      self.bytes = bytes
      segments.reserveCapacity(8)
    }

    /// False for a path that no route can have: broken escapes, or too many segments.
    mutating func split(from start: Int) -> Bool {
      var at = start
      guard at < bytes.count, bytes[at] == UInt8(ascii: "/") else { return at >= bytes.count }
      if at + 1 == bytes.count { return true }
      while at < bytes.count {
        let first = at + 1
        var end = first
        var escaped = false
        while end < bytes.count, bytes[end] != UInt8(ascii: "/") {
          if bytes[end] == UInt8(ascii: "%") { escaped = true }
          end += 1
        }
        if escaped {
          let raw = String(decoding: UnsafeBufferPointer(rebasing: bytes[first..<end]), as: UTF8.self)
          guard let text = PercentEncoding.decode(raw) else {
            isMalformed = true
            return false
          }
          decoded[segments.count] = Array(text.utf8)
        }
        segments.append(first..<end)
        if segments.count > Router.segmentLimit { return false }
        at = end
      }
      return true
    }

    mutating func visit(node number: Int, depth: Int) -> Int? {
      let node = router.nodes[number]
      if depth == segments.count {
        if let hit = node.methods.first(where: { $0.method == method }) { return hit.route }
        for entry in node.methods { allowed.insert(entry.method) }
        isDecided = !node.methods.isEmpty
        return nil
      }
      if let child = literal(node, depth), let found = visit(node: child, depth: depth + 1) { return found }
      guard !isDecided, let child = node.parameter, decoded[depth].map({ !$0.isEmpty }) ?? !segments[depth].isEmpty else {
        return nil
      }
      taken.append(depth)
      if let found = visit(node: child, depth: depth + 1) { return found }
      taken.removeLast()
      return nil
    }

    private func literal(_ node: Node, _ depth: Int) -> Int? {
      if let text = decoded[depth] { return text.withUnsafeBufferPointer { find(node.literals, $0) } }
      return find(node.literals, UnsafeBufferPointer(rebasing: bytes[segments[depth]]))
    }

    private func find(_ literals: [(text: [UInt8], node: Int)], _ wanted: UnsafeBufferPointer<UInt8>) -> Int? {
      var low = 0
      var high = literals.count
      while low < high {
        let middle = (low + high) / 2
        let order = compare(literals[middle].text, wanted)
        if order == 0 { return literals[middle].node }
        if order < 0 { low = middle + 1 } else { high = middle }
      }
      return nil
    }

    private func compare(_ a: [UInt8], _ b: UnsafeBufferPointer<UInt8>) -> Int {
      if a.count != b.count { return a.count - b.count }
      for at in 0..<a.count where a[at] != b[at] { return Int(a[at]) - Int(b[at]) }
      return 0
    }

    func parameters() -> [String] {
      taken.map { depth in
        decoded[depth].map { String(decoding: $0, as: UTF8.self) }
          ?? String(decoding: UnsafeBufferPointer(rebasing: bytes[segments[depth]]), as: UTF8.self)
      }
    }
  }
}
