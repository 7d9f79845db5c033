// What curl said: an answer, or why there is none.

enum CurlReply {
  /// Bytes of headers that are read, over all interim answers.
  static let headLimit = 64 << 10

  static func read(_ result: ProgramResult, bodyLimit: Int) -> Result<OutgoingResponse, OutgoingFailure> {
    // Cut output means that the program was ended for saying too much: what it said stands.
    guard result.status == 0 || result.isCut else { return .failure(failure(result)) }
    var rest = result.out[...]
    while let end = endOfHead(rest) {
      let lines = rest[..<end].split(separator: 10).map { line in line.last == 13 ? line.dropLast() : line }
      rest = rest[end...]
      let words = (lines.first ?? []).split(separator: 32)
      guard words.count >= 2, words[0].starts(with: "HTTP/".utf8), let status = Int(String(decoding: words[1], as: UTF8.self))
      else { break }
      // An interim answer comes before the real one.
      if (100..<200).contains(status) { continue }
      let headers = lines.dropFirst().compactMap { line -> (name: String, value: String)? in
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        let value = line[(colon + 1)...].drop { $0 == 32 || $0 == 9 }
        return (String(decoding: line[..<colon], as: UTF8.self), String(decoding: value, as: UTF8.self))
      }
      return .success(
        OutgoingResponse(
          status: status, headers: headers, body: Array(rest.prefix(bodyLimit)), isCut: rest.count > bodyLimit || result.isCut,
          durationMs: 0))
    }
    return .failure(OutgoingFailure(.other, "The server did not answer in HTTP.", mayHaveArrived: true))
  }

  private static func endOfHead(_ bytes: ArraySlice<UInt8>) -> Int? {
    var at = bytes.startIndex
    while let lineEnd = bytes[at...].firstIndex(of: 10) {
      if bytes[at..<lineEnd].allSatisfy({ $0 == 13 }) { return lineEnd + 1 }
      at = lineEnd + 1
    }
    return nil
  }

  /// The program's exit code, which is stable, decides; its words only help people.
  private static func failure(_ result: ProgramResult) -> OutgoingFailure {
    let lines = String(decoding: result.err, as: UTF8.self).split(separator: "\n")
    // The last line is when sending began: nothing has arrived if it never did.
    let mayHaveArrived = lines.last.flatMap { Double($0) } != 0
    let words =
      lines.first { $0.hasPrefix("curl: ") }.map { String($0.drop { $0 != ")" }.dropFirst(2)) } ?? "exit code \(result.status)"
    switch result.status {
    case 7: return OutgoingFailure(.connectFailed, "The connection failed: \(words)")
    case 28: return OutgoingFailure(.timeout, "No answer in time.", mayHaveArrived: mayHaveArrived)
    case 35, 51, 53, 54, 58, 59, 60, 64, 66, 77, 80, 82, 83, 90, 91:
      return OutgoingFailure(.tls, "No trusted connection: \(words)", mayHaveArrived: mayHaveArrived)
    default: return OutgoingFailure(.other, "No whole answer: \(words)", mayHaveArrived: mayHaveArrived)
    }
  }
}
