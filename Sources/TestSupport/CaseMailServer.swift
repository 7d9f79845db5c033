// A mail server that takes what the server under test sends, and lets cases read it.
import Core
import Foundation

/// Speaks as much SMTP as a client needs, in order and strictly: what comes out of order is refused with 503.
public final class CaseMailServer: @unchecked Sendable {
  public let port: Int
  private let listener: CaseSocket
  private let lock = NSLock()
  private var taken: [Value] = []
  /// Most mails remembered; older ones go.
  private static let most = 5000
  private static let mostBytes = 1 << 20

  public init() throws {
    (listener, port) = try CaseSocket.listen()
    let thread = Thread { [weak self, listener] in
      while let peer = listener.accept() {
        guard let self else { break }
        try? self.serve(peer)
        peer.close()
      }
      listener.close()
    }
    thread.start()
  }

  /// Mails to an address so far, oldest first: `{to, subject, text}`.
  public func mails(to address: String) -> [Value] { lock.withLock { taken.filter { $0["to"].string == address } } }

  /// All that was ever sent, for a look at everything.
  public func everything() -> String { lock.withLock { JSON.text(.list(taken)) } }

  /// The listener is closed by the thread that accepts: its number must not be another's before.
  public func stop() { shutdown(listener.descriptor, Int32(SHUT_RDWR)) }

  private func serve(_ peer: CaseSocket) throws {
    var time = timeval(tv_sec: 20, tv_usec: 0)
    setsockopt(peer.descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
    var bytes: [UInt8] = []
    func line() throws -> String? {
      while true {
        if let end = bytes.firstIndex(of: 10) {
          let line = String(decoding: bytes[..<end], as: UTF8.self)
          bytes.removeFirst(end + 1)
          return line.hasSuffix("\r") ? String(line.dropLast()) : line
        }
        guard bytes.count < Self.mostBytes, let more = try peer.read() else { return nil }
        bytes += more
      }
    }
    func say(_ text: String) throws { try peer.write(Array((text + "\r\n").utf8)) }
    var from: String?
    var to: [String] = []
    try say("220 cases")
    while let command = try line() {
      let word = command.prefix(4).uppercased()
      switch word {
      case "EHLO", "HELO": try say("250 cases")
      case "MAIL":
        from = command
        to = []
        try say("250 ok")
      case "RCPT":
        guard from != nil, let open = command.firstIndex(of: "<"), let close = command.lastIndex(of: ">"), open < close else {
          try say("503 no")
          continue
        }
        to.append(String(command[command.index(after: open)..<close]))
        try say("250 ok")
      case "DATA":
        guard !to.isEmpty else {
          try say("503 no")
          continue
        }
        try say("354 go on")
        var lines: [String] = []
        while let next = try line(), next != "." { lines.append(next.hasPrefix("..") ? String(next.dropFirst()) : next) }
        keep(lines, to)
        from = nil
        try say("250 ok")
      case "QUIT":
        try say("221 bye")
        return
      default: try say("250 ok")
      }
    }
  }

  private func keep(_ lines: [String], _ to: [String]) {
    let end = lines.firstIndex(of: "") ?? lines.count
    let head = lines[..<end].joined(separator: "\n").replacingOccurrences(of: "\n ", with: " ")
    func header(_ name: String) -> String {
      head.components(separatedBy: "\n").first { $0.lowercased().hasPrefix(name + ":") }
        .map { $0.dropFirst(name.count + 1).trimmingCharacters(in: .whitespaces) } ?? ""
    }
    var text = lines.dropFirst(end + 1).joined(separator: "\n")
    if header("content-transfer-encoding").lowercased() == "base64" {
      text = Data(base64Encoded: text.filter { !$0.isNewline }).map { String(decoding: $0, as: UTF8.self) } ?? text
      text = text.replacingOccurrences(of: "\r\n", with: "\n")
    }
    lock.withLock {
      for address in to {
        taken.append(["to": .string(address), "subject": .string(Self.decoded(header("subject"))), "text": .string(text)])
      }
      if taken.count > Self.most { taken.removeFirst(taken.count - Self.most) }
    }
  }

  /// Encoded words (RFC 2047) as this server's mails have them: UTF-8 in base64.
  private static func decoded(_ text: String) -> String {
    text.components(separatedBy: " ").map { word in
      guard word.hasPrefix("=?UTF-8?B?"), word.hasSuffix("?=") else { return word }
      return Data(base64Encoded: String(word.dropFirst(10).dropLast(2))).map { String(decoding: $0, as: UTF8.self) } ?? word
    }.joined(separator: text.contains("=?UTF-8?B?") ? "" : " ")
  }
}
