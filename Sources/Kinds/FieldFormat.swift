// The named formats of text fields: e-mail addresses, URLs, host names and the like.
import Core
import Expressions

public enum FieldFormat {
  /// Format → how a good value looks, for messages.
  static let table: [(name: String, example: String, test: @Sendable (String) -> Bool)] = [
    ("email", "ada@example.com", isEmail),
    ("url", "https://example.com/path", { isURL($0, schemes: ["http", "https"]) }),
    ("uri", "scheme:rest", { isURL($0, schemes: nil) }),
    ("hostname", "web-1.example.com", { isHost($0, dots: 0) }),
    ("domain", "example.com", { isHost($0.hasPrefix("*.") ? String($0.dropFirst(2)) : $0, dots: 1) }),
    ("uuid", "01890a5d-ac96-774b-bcce-b302099a8057", { UID($0) != nil }),
    ("slug", "my-app-2", isSlug),
    ("ip", "192.0.2.1 or 2001:db8::1", { isIPv4($0) || isIPv6($0) }),
    ("ipv4", "192.0.2.1", isIPv4),
    ("ipv6", "2001:db8::1", isIPv6),
    ("cidr", "10.0.0.0/8", isCIDR),
    ("network", "10.0.0.0/8 or 192.0.2.1", { isCIDR($0) || isIPv4($0) || isIPv6($0) }),
    ("cron", "*/5 * * * *", isCron),
    ("color", "#1f6feb", isColor),
    ("phone", "+4930123456", isPhone),
    ("semver", "1.4.2", isSemver),
    ("duration", "90s, 5m or 1h30m", { Duration(text: $0) != nil }),
    ("timestamp", "2025-01-31T12:00:00Z", { Timestamp($0) != nil }),
    ("date", "2025-01-31", isDate),
    ("time", "18:30", isTime),
    ("timezone", "Europe/Berlin or UTC", isTimezone),
    ("currency", "EUR", { $0.utf8.count == 3 && all($0, isUpper) }),
    ("country", "DE", { $0.utf8.count == 2 && all($0, isUpper) }),
    ("language", "de or pt-BR", isLanguage),
    ("base64", "aGVsbG8=", isBase64),
    ("cel", "size(new.name) < 10", { celFault($0) == nil }),
    ("json", "{\"a\": 1}", { (try? JSON.parse($0)) != nil }),
    ("path", "/srv/data", { $0.hasPrefix("/") && !$0.utf8.contains(0) && !$0.split(separator: "/").contains("..") }),
  ]

  public static let names: [String] = table.map(\.name)
  private static let index = Dictionary(uniqueKeysWithValues: table.map { ($0.name, $0) })

  /// Whether `text` has the format; a format that does not exist fits nothing.
  public static func fits(_ text: String, _ format: String) -> Bool { index[format]?.test(text) ?? false }
  public static func example(_ format: String) -> String? { index[format]?.example }

  /// What is wrong with a CEL expression, with line and column within it; nil when it compiles.
  static func celFault(_ text: String) -> String? {
    do {
      _ = try CELProgram(text, functions: .platform, lenient: true)
      return nil
    } catch let error as CELError {
      return error.faults.map { "line \($0.line), column \($0.column): \($0.message)" }.joined(separator: "; ")
    } catch { return "\(error)" }
  }

  // MARK: Tests

  private static func isLower(_ c: UInt8) -> Bool { c >= 97 && c <= 122 }
  private static func isUpper(_ c: UInt8) -> Bool { c >= 65 && c <= 90 }
  private static func isDigit(_ c: UInt8) -> Bool { c >= 48 && c <= 57 }
  private static func isLetter(_ c: UInt8) -> Bool { isLower(c | 0x20) }
  private static func isHex(_ c: UInt8) -> Bool { isDigit(c) || (c | 0x20 >= 97 && c | 0x20 <= 102) }
  private static func all(_ text: some StringProtocol, _ test: (UInt8) -> Bool) -> Bool {
    !text.isEmpty && text.utf8.allSatisfy(test)
  }

  private static func isEmail(_ text: String) -> Bool {
    let parts = text.split(separator: "@", omittingEmptySubsequences: false)
    guard parts.count == 2, text.utf8.count <= 254, parts[0].utf8.count <= 64 else { return false }
    let local = parts[0]
    guard all(local, { isLetter($0) || isDigit($0) || ".!#$%&'*+/=?^_`{|}~-".utf8.contains($0) || $0 >= 0x80 }),
      !local.hasPrefix("."),
      !local.hasSuffix("."), !local.contains("..")
    else { return false }
    return isHost(String(parts[1]), dots: 0)
  }

  /// Labels of letters, digits and dashes, with at least `dots` dots.
  private static func isHost(_ text: String, dots: Int) -> Bool {
    let labels = text.split(separator: ".", omittingEmptySubsequences: false)
    guard text.utf8.count <= 253, labels.count > dots else { return false }
    return labels.allSatisfy { label in
      label.utf8.count <= 63 && all(label) { isLetter($0) || isDigit($0) || $0 == 45 } && !label.hasPrefix("-")
        && !label.hasSuffix("-")
    }
  }

  private static func isURL(_ text: String, schemes: [String]?) -> Bool {
    guard let colon = text.firstIndex(of: ":"), text.utf8.count <= 8192, text.utf8.allSatisfy({ $0 > 32 && $0 != 127 }) else {
      return false
    }
    let scheme = text[..<colon].lowercased()
    guard let first = scheme.utf8.first, isLetter(first), all(scheme, { isLetter($0) || isDigit($0) || "+-.".utf8.contains($0) })
    else { return false }
    guard let schemes else { return text.index(after: colon) < text.endIndex }
    guard schemes.contains(scheme), text[colon...].hasPrefix("://") else { return false }
    var authority = text[colon...].dropFirst(3).prefix { $0 != "/" && $0 != "?" && $0 != "#" }
    if let at = authority.lastIndex(of: "@") { authority = authority[authority.index(after: at)...] }
    if authority.hasPrefix("[") {
      guard let end = authority.firstIndex(of: "]") else { return false }
      return isIPv6(String(authority[authority.index(after: authority.startIndex)..<end]))
        && isPort(authority[authority.index(after: end)...])
    }
    let host = authority.prefix { $0 != ":" }
    return isHost(String(host), dots: 0) && isPort(authority[host.endIndex...])
  }

  /// Nothing, or a colon and a port.
  private static func isPort(_ text: Substring) -> Bool {
    if text.isEmpty { return true }
    guard text.hasPrefix(":"), all(text.dropFirst(), isDigit), let port = Int(text.dropFirst()) else { return false }
    return port > 0 && port < 65_536
  }

  private static func isSlug(_ text: String) -> Bool {
    all(text) { isLower($0) || isDigit($0) || $0 == 45 } && !text.hasPrefix("-") && !text.hasSuffix("-") && !text.contains("--")
  }

  private static func isIPv4(_ text: String) -> Bool {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4
      && parts.allSatisfy { all($0, isDigit) && $0.utf8.count <= 3 && Int($0) ?? 256 < 256 && ($0 == "0" || !$0.hasPrefix("0")) }
  }

  private static func isIPv6(_ text: String) -> Bool {
    let halves = text.components("::")
    guard halves.count <= 2, text.utf8.contains(58) else { return false }
    var groups = 0
    for (n, half) in halves.enumerated() where !half.isEmpty {
      let parts = half.split(separator: ":", omittingEmptySubsequences: false)
      for (m, part) in parts.enumerated() {
        if m == parts.count - 1, n == halves.count - 1, part.contains(".") {
          guard isIPv4(String(part)) else { return false }
          groups += 2
        } else {
          guard all(part, isHex), part.utf8.count <= 4 else { return false }
          groups += 1
        }
      }
    }
    return halves.count == 2 ? groups < 8 : groups == 8
  }

  private static func isCIDR(_ text: String) -> Bool {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2, all(parts[1], isDigit), let bits = Int(parts[1]) else { return false }
    return isIPv4(parts[0]) ? bits <= 32 : isIPv6(parts[0]) && bits <= 128
  }

  /// Five fields of numbers, ranges, lists, steps and `*`.
  private static func isCron(_ text: String) -> Bool {
    if ["@hourly", "@daily", "@weekly", "@monthly", "@yearly"].contains(text) { return true }
    let fields = text.split(separator: " ")
    let limits = [0...59, 0...23, 1...31, 1...12, 0...7]
    guard fields.count == 5 else { return false }
    return zip(fields, limits).allSatisfy { field, limit in
      field.split(separator: ",", omittingEmptySubsequences: false).allSatisfy { part in
        let step = part.split(separator: "/", omittingEmptySubsequences: false)
        guard step.count <= 2, step.count == 1 || (all(step[1], isDigit) && (Int(step[1]) ?? 0) > 0) else { return false }
        if step[0] == "*" { return true }
        let ends = step[0].split(separator: "-", omittingEmptySubsequences: false)
        let numbers = ends.compactMap { all($0, isDigit) ? Int($0) : nil }
        guard numbers.count == ends.count, ends.count <= 2, numbers.allSatisfy(limit.contains) else { return false }
        return numbers.count == 1 || numbers[0] <= numbers[1]
      }
    }
  }

  private static func isColor(_ text: String) -> Bool {
    text.hasPrefix("#") && [3, 6, 8].contains(text.utf8.count - 1) && all(text.dropFirst(), isHex)
  }

  private static func isPhone(_ text: String) -> Bool {
    let digits = text.utf8.filter(isDigit).count
    return digits >= 3 && digits <= 15
      && text.utf8.enumerated().allSatisfy { isDigit($1) || " -().".utf8.contains($1) || ($1 == 43 && $0 == 0) }
  }

  private static func isSemver(_ text: String) -> Bool {
    let build = text.split(separator: "+", maxSplits: 1, omittingEmptySubsequences: false)
    let pre = build[0].split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
    let numbers = pre[0].split(separator: ".", omittingEmptySubsequences: false)
    let isPart = { (part: Substring) in all(part) { isLetter($0) || isDigit($0) || $0 == 45 || $0 == 46 } }
    return numbers.count == 3 && numbers.allSatisfy { all($0, isDigit) && ($0 == "0" || !$0.hasPrefix("0")) }
      && pre.dropFirst().allSatisfy(isPart)
      && build.dropFirst().allSatisfy(isPart)
  }

  static func isDate(_ text: String) -> Bool { text.utf8.count == 10 && Timestamp(text + "T00:00:00Z") != nil }
  private static func isTime(_ text: String) -> Bool {
    [5, 8].contains(text.utf8.count) && Timestamp("2000-01-01T" + text + (text.utf8.count == 5 ? ":00Z" : "Z")) != nil
  }

  private static func isTimezone(_ text: String) -> Bool {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    return text == "UTC" || text == "GMT"
      || ((2...3).contains(parts.count)
        && parts.allSatisfy { all($0) { isLetter($0) || isDigit($0) || "_+-".utf8.contains($0) } })
  }

  private static func isLanguage(_ text: String) -> Bool {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    return (2...3).contains(parts[0].utf8.count) && all(parts[0], isLetter)
      && parts.dropFirst().allSatisfy { $0.utf8.count <= 8 && all($0) { isLetter($0) || isDigit($0) } }
  }

  static func isBase64(_ text: String) -> Bool {
    let body = text.prefix { $0 != "=" }
    let padding = text.utf8.count - body.utf8.count
    return text.utf8.count % 4 == 0 && padding <= 2 && text.utf8.suffix(padding).allSatisfy { $0 == 61 }
      && body.utf8.allSatisfy { isLetter($0) || isDigit($0) || $0 == 43 || $0 == 47 }
  }
}

extension String {
  /// The parts between each occurrence of `separator`.
  fileprivate func components(_ separator: String) -> [Substring] {
    var parts: [Substring] = []
    var rest = self[...]
    while let range = rest.firstRange(of: separator) {
      parts.append(rest[..<range.lowerBound])
      rest = rest[range.upperBound...]
    }
    return parts + [rest]
  }
}
