// DNS as the engine sees it: service `dns`, which is only looked at.
import Core
import Foundation
import Kinds
import Ports

/// Observe `txt` {name} → `{records: [text], error}`; `address` {name} →
/// `{records: [IPv4 and IPv6 addresses], alias, error}`.
/// `error` is null or `{code, message}`; a name that does not exist is an answer too: `no_such_name`, `no_such_record`.
public final class DNSService: ServicePort {
  public let name = "dns"
  private static let mostAtOnce = 8
  private static let mostWaiting = 1000

  private let client: DNSClient
  private let queue: OperationQueue

  /// `resolver` is `HOST:PORT` with an IP address; nil: the servers of /etc/resolv.conf. Throws Problem when it cannot be read.
  public convenience init(resolver: String? = nil) throws {
    try self.init(resolver: resolver, patience: 2)
  }

  init(resolver: String?, patience: Double) throws {
    var server: DNSServer?
    if let resolver {
      guard let parsed = DNSServer(resolver) else {
        throw Problem(
          .invalid, code: "bad_resolver", "`\(resolver)` is no address of a name server",
          fix: "Write an IP address and a port, such as 127.0.0.1:53.")
      }
      server = parsed
    }
    client = DNSClient(patience: patience, server: server)
    queue = OperationQueue()
    queue.maxConcurrentOperationCount = Self.mostAtOnce
  }

  public func observe(_ metadata: ObjectMetadata, operation: String, arguments: Value) async throws -> Value {
    guard let asked = arguments["name"].string else { throw Problem(.failure, code: "bad_observation", "no name is asked for") }
    switch operation {
    case "txt": return Self.value([try await ask(asked, .txt)])
    case "address":
      async let four = ask(asked, .a)
      async let six = ask(asked, .aaaa)
      return Self.value([try await four, try await six])
    default: throw Problem(.failure, code: "unknown_operation", "DNS has no observation \(operation)")
    }
  }

  public func perform(_ step: Step, key: String, metadata: ObjectMetadata) async -> StepReply {
    StepReply(
      step: step.name, outcome: .failed, value: ["error": ["code": "unknown_operation", "message": "DNS takes no steps"]])
  }

  private func ask(_ name: String, _ type: DNSType) async throws -> Result<DNSMessage.Answer, Problem> {
    guard queue.operationCount < Self.mostWaiting else {
      throw Problem(.limited, code: "busy", "too many names are being looked up")
    }
    let client = client
    return await withCheckedContinuation { continuation in
      queue.addOperation { continuation.resume(returning: client.ask(name, type)) }
    }
  }

  /// All records; the error only when there is none.
  private static func value(_ answers: [Result<DNSMessage.Answer, Problem>]) -> Value {
    let good = answers.compactMap { try? $0.get() }
    let records = good.flatMap(\.records)
    var value: Value = [
      "records": .list(records.map(Value.string)), "alias": Value(good.compactMap(\.alias).first), "error": .null,
    ]
    if records.isEmpty,
      case .failure(let problem)? = answers.first(where: {
        if case .failure(let p) = $0 { p.category != .missing } else { false }
      }) ?? answers.first
    {
      value["error"] = ["code": .string(problem.code), "message": .string(problem.message)]
    }
    return value
  }
}
