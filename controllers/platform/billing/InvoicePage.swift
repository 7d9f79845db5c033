// An invoice as a page of SVG, which a program makes a PDF of. Pure; all text is escaped.
import Core

struct InvoicePage {
  var number: String
  var date: Timestamp
  /// Lines: name, address, tax number.
  var issuer: [String]
  var customer: String
  var description: String
  var period: (from: Timestamp, to: Timestamp)?
  var amountCents: Int
  var currency: String
  var isRefund: Bool
  var footer: String

  /// Lines of the issuer, and characters of a line, that fit on the page.
  private static let mostLines = 6
  private static let mostCharacters = 80

  var svg: String {
    var out = """
      <svg xmlns="http://www.w3.org/2000/svg" width="595" height="842" viewBox="0 0 595 842" \
      font-family="DejaVu Sans, sans-serif" font-size="10" fill="#222">
      <rect width="595" height="842" fill="#fff"/>

      """
    out += text(50, 80, isRefund ? "Credit note" : "Invoice", size: 24, bold: true)
    for (at, line) in issuer.prefix(Self.mostLines).enumerated() { out += text(545, 62 + 14 * at, line, end: true) }
    out += text(50, 130, "Number", grey: true) + text(150, 130, number)
    out += text(50, 146, "Date", grey: true) + text(150, 146, Self.day(date))
    out += text(50, 162, "Billed to", grey: true) + text(150, 162, customer)
    out += rule(210) + text(50, 228, "Description", bold: true) + text(545, 228, "Amount", bold: true, end: true) + rule(236)
    out += text(50, 258, description) + text(545, 258, amount, end: true)
    if let period { out += text(50, 274, "\(Self.day(period.from)) to \(Self.day(period.to))", grey: true) }
    out += rule(292) + text(50, 312, "Total", size: 12, bold: true) + text(545, 312, amount, size: 12, bold: true, end: true)
    out += text(50, 800, footer, grey: true)
    return out + "</svg>\n"
  }

  /// `299.00 USD`; currencies without hundredths as whole numbers.
  var amount: String {
    let code = currency.uppercased()
    if Self.wholeCurrencies.contains(currency.lowercased()) { return "\(amountCents) \(code)" }
    let (whole, rest) = (abs(amountCents) / 100, abs(amountCents) % 100)
    return "\(amountCents < 0 ? "-" : "")\(whole).\(rest < 10 ? "0" : "")\(rest) \(code)"
  }

  private static let wholeCurrencies: Set<String> = [
    "bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "ugx", "vnd", "vuv", "xaf", "xof", "xpf",
  ]

  private static func day(_ time: Timestamp) -> String { String(time.description.prefix(10)) }

  private func rule(_ y: Int) -> String { "<line x1=\"50\" x2=\"545\" y1=\"\(y)\" y2=\"\(y)\" stroke=\"#bbb\"/>\n" }

  private func text(_ x: Int, _ y: Int, _ text: String, size: Int = 10, bold: Bool = false, grey: Bool = false, end: Bool = false)
    -> String
  {
    let style = (bold ? " font-weight=\"bold\"" : "") + (grey ? " fill=\"#777\"" : "") + (end ? " text-anchor=\"end\"" : "")
    return
      "<text x=\"\(x)\" y=\"\(y)\" font-size=\"\(size)\"\(style)>\(Self.escaped(String(text.prefix(Self.mostCharacters))))</text>\n"
  }

  /// Characters that XML cannot hold are left out.
  static func escaped(_ text: String) -> String {
    var out = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": out += "&amp;"
      case "<": out += "&lt;"
      case ">": out += "&gt;"
      case "\"": out += "&quot;"
      case "\t", "\n", "\r": out += " "
      case _ where scalar.value < 32 || scalar.value == 0xFFFE || scalar.value == 0xFFFF: continue
      default: out.unicodeScalars.append(scalar)
      }
    }
    return out
  }
}
