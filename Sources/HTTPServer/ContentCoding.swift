// Whether an answer goes out compressed (RFC 9110 section 12.5.3).

enum ContentCoding {
  /// Text-like media types. Images, archives and the like are compressed already.
  static func isCompressible(_ contentType: String) -> Bool {
    let type = contentType.prefix { $0 != ";" }.lowercased()
    return type.hasPrefix("text/") || type.hasPrefix("application/json") || type.hasSuffix("+json") || type.hasSuffix("+xml")
      || ["application/javascript", "application/xml", "application/yaml", "application/x-ndjson"].contains(type)
  }

  /// Whether the client takes gzip: `gzip` or `*` is named with a weight above zero. The more exact name decides.
  static func acceptsGzip(_ headers: HTTPHeaders) -> Bool {
    guard headers.contains("Accept-Encoding") else { return false }
    var any = false
    var named: Bool?
    for element in headers.all("Accept-Encoding").joined(separator: ",").split(separator: ",") {
      let parts = element.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" }.lowercased() }
      guard let coding = parts.first else { continue }
      let isWanted = !parts.dropFirst().contains { $0.hasPrefix("q=") && (Double($0.dropFirst(2)) ?? 0) <= 0 }
      switch coding {
      case "gzip", "x-gzip": named = isWanted
      case "*": any = isWanted
      default: break
      }
    }
    return named ?? any
  }
}
