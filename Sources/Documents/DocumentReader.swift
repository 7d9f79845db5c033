// A user's file of either language: JSON where it begins with a brace or bracket, else YAML.
import Core

public enum DocumentReader {
  /// The documents of a file and all its faults. A file that begins with `{` or `[` is read as strict JSON; if that fails
  /// and the file is not named `.json`, as YAML, whose flow style begins alike.
  public static func documents(
    _ bytes: [UInt8], file: String, limits: DocumentLimits = .standard
  ) -> (documents: [DocumentText], problems: [Problem]) {
    guard looksLikeJSON(bytes) else {
      let isJSON = file.hasSuffix(".json")
      let hasText = bytes.contains { !isSpace($0) }
      if isJSON, hasText { return JSONDocument.documents(bytes, file: file, limits: limits) }
      return YAMLReader.documents(bytes, file: file, limits: limits)
    }
    if bytes.count > limits.fileBytes { return YAMLReader.documents(bytes, file: file, limits: limits) }
    let json = JSONDocument.documents(bytes, file: file, limits: limits)
    if json.problems.isEmpty || file.hasSuffix(".json") { return json }
    let yaml = YAMLReader.documents(bytes, file: file, limits: limits)
    return yaml.problems.isEmpty || isYAML(file) ? yaml : json
  }

  /// Whether the first byte that is no space is `{` or `[`.
  public static func looksLikeJSON(_ bytes: [UInt8]) -> Bool {
    let skipped = bytes.starts(with: DocumentSplitter.byteOrderMark) ? DocumentSplitter.byteOrderMark.count : 0
    guard let first = bytes.dropFirst(skipped).first(where: { !isSpace($0) }) else { return false }
    return first == UInt8(ascii: "{") || first == UInt8(ascii: "[")
  }

  private static func isYAML(_ file: String) -> Bool { file.hasSuffix(".yaml") || file.hasSuffix(".yml") }
  private static func isSpace(_ byte: UInt8) -> Bool { byte == 32 || byte == 10 || byte == 13 || byte == 9 }
}
