// Texts of mails, read once from files: NAME.LANGUAGE.txt, the subject in the first line, {{placeholders}}.
import Core
import Foundation

public struct MailTemplates: Sendable {
  static let standard = "en"
  static let sizeLimit = 64 << 10
  private static let valueLimit = 2000

  private let texts: [String: (subject: String, text: String)]

  /// Throws Problem when a file cannot be read, or is no template.
  public init(folder: URL) throws {
    var texts: [String: (subject: String, text: String)] = [:]
    for name in (try? FileManager.default.contentsOfDirectory(atPath: folder.path))?.sorted() ?? [] where name.hasSuffix(".txt") {
      let data = try Data(contentsOf: folder.appendingPathComponent(name))
      guard data.count <= Self.sizeLimit, let whole = String(data: data, encoding: .utf8), let end = whole.firstIndex(of: "\n"),
        end > whole.startIndex
      else { throw Problem(.invalid, code: "bad_template", "The mail template \(name) has no subject in its first line.") }
      let body = whole[whole.index(after: end)...].drop { $0 == "\n" }
      texts[String(name.dropLast(4))] = (String(whole[..<end]), String(body))
    }
    self.texts = texts
  }

  /// Subject and text in the first of the languages that there is; English else. Values are put in as they are: mails are plain text.
  func render(_ name: String, languages: [String], _ values: [String: String]) throws -> (subject: String, text: String) {
    let found = (languages + [Self.standard]).lazy.compactMap { texts["\(name).\($0)"] }.first
    guard let found else { throw Problem(.failure, code: "no_template", "There is no mail template \(name).") }
    // A line break in a value would begin a new line of text, or of the subject.
    let clean = values.mapValues { value in
      String(value.prefix(Self.valueLimit).map { $0.isNewline ? " " : $0 })
    }
    return (Self.fill(found.subject, clean), Self.fill(found.text, clean))
  }

  /// The languages that a browser asks for, best first: `de-DE,de;q=0.9` gives `de`.
  static func languages(_ header: String?) -> [String] {
    (header ?? "").prefix(200).split(separator: ",").prefix(5).compactMap { part in
      let code = part.drop { $0 == " " }.prefix { $0.isLetter && $0.isASCII }.lowercased()
      return (2...3).contains(code.count) ? code : nil
    }
  }

  /// One pass: what a value holds is never taken for a placeholder.
  private static func fill(_ text: String, _ values: [String: String]) -> String {
    var out = ""
    var rest = text[...]
    while let open = rest.range(of: "{{"), let close = rest[open.upperBound...].range(of: "}}") {
      out += rest[..<open.lowerBound] + (values[String(rest[open.upperBound..<close.lowerBound])] ?? "")
      rest = rest[close.upperBound...]
    }
    return out + rest
  }
}
