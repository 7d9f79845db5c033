// A message as it goes over the wire (RFC 5322): headers that cannot be broken out of, text in UTF-8.
import Core
import Foundation

struct MailMessage: Sendable {
  static let mostRecipients = 100
  static let mostText = 1 << 20
  private static let mostLine = 900

  /// This host's name, or `localhost` when it has none that mail allows.
  static let localName: String = {
    let name = ProcessInfo.processInfo.hostName
    return !name.isEmpty
      && name.utf8.allSatisfy {
        $0 == 45 || $0 == 46 || (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0)
      }
      ? name : "localhost"
  }()

  let from: String
  let to: [String]
  let bytes: [UInt8]

  /// `id` names the message: the same one twice is one message to a mail program.
  /// Throws Problem: `bad_address`, `bad_header`, `too_large`.
  init(from: String, to: [String], subject: String, text: String, id: String, at: Timestamp) throws {
    guard !to.isEmpty, to.count <= Self.mostRecipients else {
      throw Problem(.invalid, code: "bad_address", "a message needs 1 to \(Self.mostRecipients) recipients, not \(to.count)")
    }
    for address in [from] + to where !Self.isAddress(address) {
      throw Problem(.invalid, code: "bad_address", "`\(address.prefix(100).filter { !$0.isNewline })` is no mail address")
    }
    guard !subject.unicodeScalars.contains(where: { $0.value < 32 || $0.value == 127 }) else {
      throw Problem(.invalid, code: "bad_header", "the subject holds a line break or another control character")
    }
    guard text.utf8.count <= Self.mostText, subject.utf8.count <= 2000 else {
      throw Problem(.tooLarge, code: "too_large", "the message is too large")
    }
    self.from = from
    self.to = to
    let name = String(id.utf8.prefix(128).map { Self.isWord($0) ? Character(UnicodeScalar($0)) : "-" })
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { $0.hasSuffix("\r") ? $0.dropLast() : $0 }
    let plain =
      text.utf8.allSatisfy { $0 == 9 || $0 == 10 || $0 == 13 || (32..<127).contains($0) }
      && lines.allSatisfy { $0.utf8.count <= Self.mostLine }
    var head = "Date: \(Self.date(at))\r\nFrom: Plumb <\(from)>\r\nTo: \(to.joined(separator: ",\r\n "))\r\n"
    head +=
      "Subject: \(Self.encoded(subject))\r\nMessage-ID: <\(name)@\(Self.localName)>\r\n"
    head += "MIME-Version: 1.0\r\nAuto-Submitted: auto-generated\r\n"
    head += "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: \(plain ? "7bit" : "base64")\r\n\r\n"
    var body = lines.joined(separator: "\r\n")
    if !plain {
      body = Data(body.utf8).base64EncodedString(options: [
        .lineLength76Characters, .endLineWithCarriageReturn, .endLineWithLineFeed,
      ])
    }
    if !body.hasSuffix("\r\n") { body += "\r\n" }
    bytes = Array((head + body).utf8)
  }

  /// Plain addresses only: no spaces, quotes, angle brackets or control characters, one @.
  static func isAddress(_ text: String) -> Bool {
    let parts = text.split(separator: "@", omittingEmptySubsequences: false)
    return parts.count == 2 && !parts[0].isEmpty && !parts[1].isEmpty && text.utf8.count <= 254 && !text.hasPrefix("-")
      && text.utf8.allSatisfy { $0 > 32 && $0 < 127 && !Array("<>()[],;:\\\"".utf8).contains($0) }
  }

  private static func isWord(_ byte: UInt8) -> Bool {
    byte == 45 || byte == 46 || (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
  }

  /// ASCII as it is; anything else in encoded words (RFC 2047) of whole characters.
  private static func encoded(_ text: String) -> String {
    if text.utf8.allSatisfy({ $0 < 127 }), text.utf8.count <= Self.mostLine { return text }
    var words: [String] = []
    var chunk = ""
    for scalar in text.unicodeScalars {
      if chunk.utf8.count + String(scalar).utf8.count > 42 {
        words.append(chunk)
        chunk = ""
      }
      chunk.unicodeScalars.append(scalar)
    }
    words.append(chunk)
    return words.map { "=?UTF-8?B?\(Data($0.utf8).base64EncodedString())?=" }.joined(separator: "\r\n ")
  }

  /// `Sun, 01 Mar 2026 10:00:00 +0000`
  private static func date(_ at: Timestamp) -> String {
    let seconds = Int(at.seconds.rounded(.down))
    let days = Int((Double(seconds) / 86_400).rounded(.down))
    let (year, month, day) = Timestamp.civil(days)
    let rest = seconds - days * 86_400
    let names = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    let two = { (n: Int) in n < 10 ? "0\(n)" : "\(n)" }
    return
      "\(names[((days % 7) + 7) % 7]), \(two(day)) \(months[month - 1]) \(year) "
      + "\(two(rest / 3600)):\(two(rest / 60 % 60)):\(two(rest % 60)) +0000"
  }
}
