// Rows in columns, for terminals and scripts.

enum Table {
  static let gap = 3

  /// Left-aligned columns as wide as their widest cell; the last one is not filled. Control characters become spaces, so that no
  /// stored text can move a terminal's cursor.
  static func write(_ head: [String], _ rows: [[String]], console: Console) -> String {
    let rows = rows.map { $0.map(clean) }
    var widths = head.map(\.count)
    for row in rows { for (n, cell) in row.enumerated() where n < widths.count { widths[n] = max(widths[n], cell.count) } }
    func line(_ cells: [String]) -> String {
      var text = ""
      for (n, cell) in cells.enumerated() { text += n == cells.count - 1 ? cell : cell.padded(to: widths[n] + gap) }
      return text.trimmingSpaces()
    }
    return console.styled(line(head), .bold) + "\n" + rows.map { line($0) + "\n" }.joined()
  }

  static func clean(_ text: String) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 32 || $0.value == 127 ? " " : $0 }))
  }
}
