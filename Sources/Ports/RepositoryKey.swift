// A repository under one name, whatever protocol its address speaks: how events of code hosts find the sources that follow it.

public enum RepositoryKey {
  static let lengthLimit = 400

  /// `github.com/acme/shop` for `https://github.com/Acme/shop.git`, `git@github.com:acme/shop` and such; nil when there is no path.
  public static func of(_ address: String) -> String? {
    guard address.utf8.count <= lengthLimit, address.utf8.allSatisfy({ $0 > 32 && $0 < 127 }) else { return nil }
    var rest = Substring(address.lowercased())
    var host = ""
    if let mark = rest.firstRange(of: "://") {
      rest = rest[mark.upperBound...]
      let place = rest.prefix { $0 != "/" }
      rest = rest[place.endIndex...]
      host = plain(place)
    } else if !rest.hasPrefix("/"), let colon = rest.firstIndex(of: ":") {
      host = plain(rest[..<colon])
      rest = rest[rest.index(after: colon)...]
    }
    var path = rest.split(separator: "/").map(String.init)
    if path.first == "~" { path.removeFirst() }
    if let last = path.last, last.hasSuffix(".git") { path[path.count - 1] = String(last.dropLast(4)) }
    return path.isEmpty || path.contains("") ? nil : "\(host)/\(path.joined(separator: "/"))"
  }

  /// A host without user and port.
  private static func plain(_ place: Substring) -> String {
    let host = place.split(separator: "@", omittingEmptySubsequences: false).last ?? ""
    if host.hasPrefix("[") { return String(host.prefix { $0 != "]" }.dropFirst()) }
    return String(host.prefix { $0 != ":" })
  }

  /// The named value of the root tenant that lists the sources of a repository: `[{tenant, uid}]`.
  public static func index(_ key: String) -> String { "git-hook/\(key)" }
  /// Sources of one repository that are told of its events.
  public static let mostSources = 100
}
