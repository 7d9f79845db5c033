// The names and values of a query string or a form.

public struct QueryString: Sendable {
  public static let pairLimit = 200

  /// The pairs of `a=1&b=2`, decoded, in order, empty ones left out; a name without `=` has an empty value. Nil for a broken
  /// escape or more than `pairLimit` pairs.
  public static func parse(_ raw: String) -> [(name: String, value: String)]? {
    var pairs: [(name: String, value: String)] = []
    for part in raw.utf8.split(separator: UInt8(ascii: "&")) {
      guard pairs.count < pairLimit else { return nil }
      let mark = part.firstIndex(of: UInt8(ascii: "="))
      let name = Substring(part[..<(mark ?? part.endIndex)])
      let value = mark.map { Substring(part[part.index(after: $0)...]) } ?? ""
      guard let name = PercentEncoding.decode(name, plusIsSpace: true),
        let value = PercentEncoding.decode(value, plusIsSpace: true)
      else { return nil }
      pairs.append((name, value))
    }
    return pairs
  }
}
