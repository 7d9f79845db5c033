// HTTPS by running curl, which knows certificates and proxies. Used only for https addresses.
import Core
import Foundation
import OutgoingHTTP

final class SecureTransport: Transport {
  private let base: String

  /// `base` is `https://HOST[:PORT]` without a trailing slash.
  init(base: String) { self.base = base }

  func send(_ request: ClientRequest, within time: Duration) throws -> ClientResponse {
    var body: [UInt8] = []
    var response = try run(request, within: time) { bytes, _ in
      body += bytes
      return body.count <= ClientLimits.bodyBytes
    }
    response.body = body
    return response
  }

  func stream(_ request: ClientRequest, take: ([UInt8]) throws -> Bool) throws -> ClientResponse {
    var kept: [UInt8] = []
    var response = try run(request, within: nil) { bytes, status in
      if status == 200 { return try take(bytes) }
      kept += bytes
      return kept.count < ClientLimits.bodyBytes
    }
    response.body = kept
    return response
  }

  private func run(_ request: ClientRequest, within time: Duration?, take: ([UInt8], Int) throws -> Bool) throws -> ClientResponse
  {
    guard let curl = ProgramRunner.find("curl") else {
      throw Problem(
        .missing, code: "program_missing", "https needs the program curl, which is not installed.", fix: "Install curl.")
    }
    let deadline = time.map { ContinuousClock.now + $0 }
    let call = try RunningProgram(
      curl, ["-q", "-K", "/dev/fd/3"], input: request.body, secrets: Array(settings(request).utf8),
      environment: ProcessInfo.processInfo.environment)
    defer { call.end() }
    var head = ResponseHead()
    while true {
      let silence = ContinuousClock.now + ClientLimits.silence
      guard let bytes = try next(call, min(deadline ?? silence, silence)) else {
        throw Problem(
          .timeout, code: "timeout", "The server at \(base) did not answer in time.", fix: "Try again, or see its log.")
      }
      if bytes.isEmpty { break }
      let body = try head.take(bytes)
      guard !body.isEmpty, let response = head.response else { continue }
      if try !take(body, response.status) { return response }
    }
    let (status, words) = call.wait()
    guard status == 0, let response = head.response else {
      let why = words.isEmpty ? "curl ended with \(status)" : words
      throw Problem(
        .unavailable, code: "no_server", "No server answers at \(base): \(why).",
        fix: "Check the address, the certificate and the network.")
    }
    return response
  }

  private func next(_ call: RunningProgram, _ deadline: ContinuousClock.Instant) throws -> [UInt8]? {
    do { return try call.next(until: deadline, wake: Interrupt.descriptor) } catch is CancellationError { throw Interrupted() }
  }

  /// On a descriptor of its own: the token must not stand in the arguments, which every user of the machine sees.
  private func settings(_ request: ClientRequest) -> String {
    func quoted(_ text: String) -> String {
      "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").filter { !$0.isNewline } + "\""
    }
    var lines = [
      "url = \(quoted(base + request.target))", "request = \(quoted(request.method))", "proto = \"=https\"", "max-redirs = 0",
      "connect-timeout = \(ClientLimits.connectTime.inSeconds)", "globoff", "path-as-is", "http1.1", "silent", "show-error",
      "include",
      "no-buffer", "suppress-connect-headers", "header = \"Expect:\"",
    ]
    for (name, value) in request.headers { lines.append("header = \(quoted("\(name): \(value)"))") }
    if !request.body.isEmpty { lines.append("data-binary = \"@-\"") }
    return lines.joined(separator: "\n") + "\n"
  }
}

/// The status line and headers of an answer, of which bytes come in pieces.
struct ResponseHead {
  private(set) var response: ClientResponse?
  private var bytes: [UInt8] = []

  /// What of these bytes belongs to the body.
  mutating func take(_ more: [UInt8]) throws -> [UInt8] {
    if response != nil { return more }
    bytes += more
    while let end = endOfHead() {
      let lines = String(decoding: bytes[..<end], as: UTF8.self).split(whereSeparator: \.isNewline)
      let words = lines.first?.split(separator: " ") ?? []
      guard words.count >= 2, words[0].hasPrefix("HTTP/"), let status = Int(words[1]) else { throw Self.noHTTP }
      bytes.removeFirst(end)
      // An interim answer comes before the real one.
      if (100..<200).contains(status) { continue }
      var headers: [String: String] = [:]
      for line in lines.dropFirst() {
        guard let colon = line.firstIndex(of: ":") else { continue }
        headers[line[..<colon].lowercased()] = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
      }
      response = ClientResponse(status: status, headers: headers)
      return bytes
    }
    guard bytes.count <= ClientLimits.headBytes else { throw Self.noHTTP }
    return []
  }

  private static let noHTTP = Problem(.unavailable, code: "no_http", "The server's answer is no HTTP.", fix: "Check the address.")

  private func endOfHead() -> Int? {
    guard bytes.count >= 4 else { return nil }
    for at in 3..<bytes.count where bytes[at] == 10 && bytes[at - 1] == 13 && bytes[at - 2] == 10 && bytes[at - 3] == 13 {
      return at + 1
    }
    return nil
  }
}
