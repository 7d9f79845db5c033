// Mail against a small SMTP server that refuses what a real one would.
import Core
import Foundation
import Kinds
import Ports
import XCTest

@testable import Mail

final class MailTests: XCTestCase {
  /// What the server got.
  private final class Inbox: @unchecked Sendable {
    private let lock = NSLock()
    private var stored: [(to: [String], data: String)] = []
    var messages: [(to: [String], data: String)] { lock.withLock { stored } }
    func add(_ to: [String], _ data: String) { lock.withLock { stored.append((to, data)) } }
  }

  private var servers: [LocalTCPServer] = []
  private let metadata = ObjectMetadata(
    tenant: .rootTenant, uid: UID(high: 1, low: 1), kind: "AlertRule", name: "x", generation: 1, labels: [:],
    created: Timestamp(microseconds: 0))

  override func tearDown() {
    for server in servers { server.stop() }
    servers = []
  }

  /// A strict receiver: order of commands, CRLF only, line lengths, dot stuffing.
  private func server(_ inbox: Inbox) -> Int {
    let server = LocalTCPServer { client in
      var pending: [UInt8] = []
      func say(_ text: String) { sendText(client, text + "\r\n") }
      func line() -> String? {
        while true {
          if let end = pending.firstIndex(of: 10) {
            let line = Array(pending[..<end])
            pending.removeSubrange(...end)
            guard line.last == 13, line.count <= 999 else { return nil }
            return String(decoding: line.dropLast(), as: UTF8.self)
          }
          var buffer = [UInt8](repeating: 0, count: 4096)
          let n = recv(client, &buffer, buffer.count, 0)
          if n <= 0 { return nil }
          pending += buffer[..<n]
        }
      }
      say("220-test")
      say("220 ready")
      var greeted = false
      var from = false
      var to: [String] = []
      while let command = line() {
        if command.hasPrefix("EHLO ") {
          greeted = true
          say("250-test")
          say("250 8BITMIME")
        } else if command.hasPrefix("MAIL FROM:<"), greeted {
          from = true
          say("250 ok")
        } else if command.hasPrefix("RCPT TO:<"), from {
          if command.contains("unknown@") {
            say("550 no such user")
          } else {
            to.append(String(command.dropFirst(9).dropLast()))
            say("250 ok")
          }
        } else if command == "DATA", !to.isEmpty {
          say("354 go on")
          var data: [String] = []
          while let text = line(), text != "." { data.append(text.hasPrefix(".") ? String(text.dropFirst()) : text) }
          inbox.add(to, data.joined(separator: "\n"))
          say("250 taken")
        } else if command == "QUIT" {
          say("221 bye")
          return
        } else {
          say("503 not now")
        }
      }
    }
    servers.append(server)
    return server.port
  }

  private func send(
    _ service: MailService, to: [String] = ["ops@example.com"], subject: String = "Firing: restarts", text: String = "hello\n",
    id: String? = nil
  ) async -> StepReply {
    var arguments: Value = ["to": .list(to.map(Value.string)), "subject": .string(subject), "text": .string(text)]
    if let id { arguments["id"] = .string(id) }
    let step = Step(name: "n", service: "mail", operation: "send", arguments: arguments, kind: .keyed, deadline: .seconds(30))
    return await service.perform(step, key: "key-1", metadata: metadata)
  }

  func testMessageArrivesWhole() async throws {
    let inbox = Inbox()
    let service = try MailService(server: "smtp://127.0.0.1:\(server(inbox))?from=alerts@plumb.example")
    let reply = await send(
      service, to: ["ops@example.com", "unknown@example.com"], text: "one\n.two\n..three\nend", id: "alert/1 x")
    XCTAssertEqual(reply.outcome, .done, JSON.text(reply.value))
    XCTAssertEqual(reply.value["accepted"], ["ops@example.com"])
    XCTAssertTrue(reply.value["rejected"].list?.first?["reason"].string?.contains("550 no such user") ?? false)
    let message = try XCTUnwrap(inbox.messages.first)
    XCTAssertEqual(message.to, ["ops@example.com"])
    XCTAssertTrue(message.data.hasSuffix("\n\none\n.two\n..three\nend"), message.data)
    XCTAssertTrue(message.data.contains("Subject: Firing: restarts\n"))
    XCTAssertTrue(message.data.contains("From: Plumb <alerts@plumb.example>\n"))
    XCTAssertTrue(message.data.contains("Message-ID: <alert-1-x@"), message.data)
    XCTAssertNotNil(
      message.data.range(
        of: #"Date: [A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d \+0000\n"#, options: .regularExpression))
  }

  func testOtherScriptsAndLongLinesAreEncoded() async throws {
    let inbox = Inbox()
    let service = try MailService(server: "smtp://127.0.0.1:\(server(inbox))")
    let text = "Größe: ✓ " + String(repeating: "x", count: 3000)
    let reply = await send(service, subject: "Störung – 東京" + String(repeating: "ü", count: 60), text: text)
    XCTAssertEqual(reply.outcome, .done, JSON.text(reply.value))
    let data = try XCTUnwrap(inbox.messages.first?.data)
    XCTAssertTrue(data.utf8.allSatisfy { $0 < 127 })
    let body = try XCTUnwrap(data.components(separatedBy: "\n\n").last)
    XCTAssertEqual(String(decoding: Data(base64Encoded: body, options: .ignoreUnknownCharacters) ?? Data(), as: UTF8.self), text)
    XCTAssertTrue(data.contains("Subject: =?UTF-8?B?"))
  }

  func testHeadersCannotBeInjected() async throws {
    let inbox = Inbox()
    let service = try MailService(server: "smtp://127.0.0.1:\(server(inbox))")
    for (to, subject, code) in [
      ("ops@example.com", "a\r\nBcc: evil@example.com", "bad_header"),
      ("ops@example.com>\r\nRCPT TO:<evil@example.com", "a", "bad_address"),
      ("a b@example.com", "a", "bad_address"), ("nobody", "a", "bad_address"),
    ] {
      let reply = await send(service, to: [to], subject: subject)
      XCTAssertEqual(reply.value["error"]["code"].string, code)
    }
    XCTAssertEqual(inbox.messages.count, 0)
  }

  func testFailuresAreSaid() async throws {
    let none = await send(try MailService(server: nil))
    XCTAssertEqual(none.value["error"]["code"], "mail_not_configured")
    let inbox = Inbox()
    let refused = await send(try MailService(server: "smtp://127.0.0.1:\(server(inbox))"), to: ["unknown@example.com"])
    XCTAssertEqual(refused.value["error"]["code"], "refused")
    let gone = LocalTCPServer { _ in }
    gone.stop()
    let dead = await send(try MailService(server: "smtp://127.0.0.1:\(gone.port)"))
    XCTAssertEqual(dead.outcome, .failed)
    XCTAssertEqual(dead.value["error"]["code"], "unreachable")
    let mute = LocalTCPServer { client in sendText(client, "SSH-2.0-x\r\n") }
    servers.append(mute)
    let other = await send(try MailService(server: "smtp://127.0.0.1:\(mute.port)"))
    XCTAssertTrue(other.value["error"]["message"].string?.contains("does not speak SMTP") ?? false, JSON.text(other.value))
    for text in ["http://x", "smtp://", "smtp://host/path", "smtp://host:0", "smtp://h?from=x"] {
      XCTAssertThrowsError(try MailService(server: text), text)
    }
  }

  func testLoginIsNeverSentInTheClear() async throws {
    let inbox = Inbox()
    let reply = await send(try MailService(server: "smtp://u:p@127.0.0.1:\(server(inbox))"))
    XCTAssertEqual(reply.outcome, .failed, "the server offers no TLS")
    XCTAssertEqual(inbox.messages.count, 0)
  }
}

private func sendText(_ client: Int32, _ text: String) {
  _ = send(client, Array(text.utf8), text.utf8.count, Int32(MSG_NOSIGNAL))
}
