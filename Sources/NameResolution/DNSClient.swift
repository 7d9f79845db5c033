// Asks name servers: each in turn, twice, over UDP and then TCP when the answer was cut. Blocks.
import Core
import Foundation

struct DNSClient: Sendable {
  static let triesEach = 2
  static let mostServers = 3

  /// Seconds that one try may take.
  var patience = 2.0
  /// Nil: the servers of /etc/resolv.conf, read each time.
  var server: DNSServer?

  /// The records, or a Problem: `no_such_name`, `no_such_record`, `timeout`, `server_failure`, `refused`,
  /// `bad_answer`, `no_resolver`, `bad_name`.
  func ask(_ name: String, _ type: DNSType) -> Result<DNSMessage.Answer, Problem> {
    var random = SystemRandomNumberGenerator()
    let servers = server.map { [$0] } ?? Self.systemServers()
    guard !servers.isEmpty else {
      return .failure(Problem(.unavailable, code: "no_resolver", "no name server is configured in /etc/resolv.conf"))
    }
    var last = Problem(.timeout, code: "timeout", "the name server does not answer")
    for attempt in 0..<Self.triesEach {
      for server in servers {
        let id = UInt16.random(in: .min ... .max, using: &random)
        guard let query = DNSMessage.query(name, type, id: id) else {
          return .failure(Problem(.invalid, code: "bad_name", "\(name) is no name that can be looked up"))
        }
        switch exchange(server, query, id: id, name: name, type: type) {
        case .success(let answer):
          switch answer.code {
          case 0 where !answer.records.isEmpty: return .success(answer)
          case 0: return .failure(Problem(.missing, code: "no_such_record", "\(name) has no record of this type"))
          case 3: return .failure(Problem(.missing, code: "no_such_name", "\(name) does not exist"))
          case 5: last = Problem(.unavailable, code: "refused", "the name server \(server.host) refuses to answer")
          default:
            last = Problem(.unavailable, code: "server_failure", "the name server \(server.host) failed (code \(answer.code))")
          }
        case .failure(let problem): last = problem
        }
      }
      if attempt + 1 == Self.triesEach { break }
    }
    return .failure(last)
  }

  private func exchange(_ server: DNSServer, _ query: [UInt8], id: UInt16, name: String, type: DNSType) -> Result<
    DNSMessage.Answer, Problem
  > {
    do {
      // What is no answer to this question may be forged: the true one can still come.
      // What answers it but is broken ends the try.
      let answer: Result<DNSMessage.Answer, DNSMessage.Failure> = try DNSTransport.udp(server, query, seconds: patience) {
        bytes in
        do { return .success(try DNSMessage.parse(bytes, id: id, name: name, type: type)) } catch DNSMessage.Failure.malformed(
          let why)
        {
          return bytes.count >= 12 ? .failure(.malformed(why)) : nil
        } catch { return nil }
      }
      let first = try answer.get()
      if !first.truncated { return .success(first) }
      let whole = try DNSTransport.tcp(server, query, seconds: patience)
      let second = try DNSMessage.parse(whole, id: id, name: name, type: type)
      if second.truncated { throw DNSMessage.Failure.malformed("the answer is cut over TCP too") }
      return .success(second)
    } catch DNSMessage.Failure.malformed(let why) {
      return .failure(Problem(.unavailable, code: "bad_answer", "the name server \(server.host) sent a broken answer: \(why)"))
    } catch DNSMessage.Failure.foreign {
      return .failure(Problem(.unavailable, code: "bad_answer", "the name server \(server.host) answered another question"))
    } catch DNSTransport.Failure.unreachable(let why) {
      return .failure(Problem(.unavailable, code: "timeout", "the name server \(server.host) cannot be reached: \(why)"))
    } catch {
      return .failure(Problem(.timeout, code: "timeout", "the name server \(server.host) does not answer"))
    }
  }

  /// The `nameserver` lines of /etc/resolv.conf.
  static func systemServers(_ path: String = "/etc/resolv.conf") -> [DNSServer] {
    guard let bytes = FileManager.default.contents(atPath: path), bytes.count < 65_536 else { return [] }
    let servers = String(decoding: bytes, as: UTF8.self).split(separator: "\n").compactMap { line -> DNSServer? in
      let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
      guard words.count >= 2, words[0] == "nameserver" else { return nil }
      let address = String(words[1].prefix { $0 != "%" })
      return DNSServer(address.contains(":") ? "[\(address)]" : address)
    }
    return Array(servers.prefix(mostServers))
  }
}
