// Calls to servers that tenants choose: only where the public internet is, or where an operator allows it.
import Core
import Foundation

/// A call goes to an address that was checked, and to no other: names are resolved once, redirects are not followed, proxies not used.
/// The protocol is spoken by the program curl, in a process of its own.
public struct OutgoingHTTP: Sendable {
  /// Bytes of an answer's body that are kept; a server that sends more is cut off.
  public static let responseLimit = 64 << 10
  public static let requestLimit = 4 << 20
  public static let timeoutLimit = Duration.seconds(120)
  /// Addresses of one host that are tried when connecting fails.
  private static let addressLimit = 3
  /// A program that does not keep its own deadline is ended this much later.
  private static let grace = Duration.milliseconds(500)
  private static let callsAtOnce = 64

  private let targets: TargetGuard
  private let program: String?
  private let gate = ProgramGate(limit: callsAtOnce)

  /// - Parameters:
  ///   - allowPrivateTargets: lets calls reach this machine and its networks; for development, and where all tenants are trusted.
  ///   - program: the path of curl; nil looks for it.
  public init(
    allowPrivateTargets: Bool, resolver: any HostResolver = SystemResolver(), program: String? = ProgramRunner.find("curl")
  ) {
    targets = TargetGuard(allowsPrivate: allowPrivateTargets, resolver: resolver)
    self.program = program
  }

  /// Whatever status the server answers is a success here.
  public func send(_ request: OutgoingRequest) async -> Result<OutgoingResponse, OutgoingFailure> {
    let began = ContinuousClock.now
    let result: Result<OutgoingResponse, OutgoingFailure>
    do throws(OutgoingFailure) { result = .success(try await attempt(request, began)) } catch { result = .failure(error) }
    let elapsed = began.duration(to: .now).components
    let milliseconds = Int(elapsed.seconds) * 1000 + Int(elapsed.attoseconds / 1_000_000_000_000_000)
    switch result {
    case .success(var response):
      response.durationMs = milliseconds
      return .success(response)
    case .failure(var failure):
      failure.durationMs = milliseconds
      return .failure(failure)
    }
  }

  private func attempt(_ request: OutgoingRequest, _ began: ContinuousClock.Instant) async throws(OutgoingFailure)
    -> OutgoingResponse
  {
    let url = try TargetURL(request.url)
    guard request.body.count <= Self.requestLimit else {
      throw OutgoingFailure(.tooLarge, "The request's body is larger than \(Self.requestLimit) bytes.")
    }
    guard let program else {
      throw OutgoingFailure(
        .programMissing, "The program curl, which makes HTTP calls, is not installed. Install the package curl.")
    }
    let deadline = began.advanced(by: min(request.timeout, Self.timeoutLimit))
    var last = OutgoingFailure(.unresolved, "The host \(url.host) is not known.")
    for address in try await targets.targets(url.host, until: deadline).prefix(Self.addressLimit) {
      switch try await call(program, request, url, address, deadline) {
      case .success(let response): return response
      case .failure(let failure):
        last = failure
        guard failure.reason == .connectFailed else { throw failure }
      }
    }
    throw last
  }

  private func call(
    _ program: String, _ request: OutgoingRequest, _ url: TargetURL, _ address: IPAddress, _ deadline: ContinuousClock.Instant
  ) async throws(OutgoingFailure) -> Result<OutgoingResponse, OutgoingFailure> {
    let left = ContinuousClock.now.duration(to: deadline)
    guard left > .zero else { throw OutgoingFailure(.timeout, "No answer in time.") }
    let seconds = Double(left.components.seconds) + Double(left.components.attoseconds) / 1e18
    let settings = try CurlCommand.settings(
      request, url, address: address, seconds: max(0.001, (seconds * 1000).rounded() / 1000))
    var environment = ["PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C"]
    // Where an operator keeps certificates of own authorities.
    for name in ["SSL_CERT_FILE", "SSL_CERT_DIR"] { environment[name] = ProcessInfo.processInfo.environment[name] }
    do {
      let result = try await ProgramRunner.run(
        program, CurlCommand.arguments, environment: environment, input: request.body, secrets: settings,
        timeout: left + Self.grace, outputLimit: Self.responseLimit + CurlReply.headLimit, gate: gate)
      return CurlReply.read(result, bodyLimit: Self.responseLimit)
    } catch {
      return .failure(Self.failure(error))
    }
  }

  private static func failure(_ error: any Error) -> OutgoingFailure {
    guard let problem = error as? Problem else { return OutgoingFailure(.other, "The call was given up.", mayHaveArrived: true) }
    switch problem.code {
    case "program_missing":
      return OutgoingFailure(.programMissing, "\(problem.message) It makes HTTP calls: install the package curl.")
    case "program_timeout": return OutgoingFailure(.timeout, "No answer in time.", mayHaveArrived: true)
    default: return OutgoingFailure(.other, problem.message)
    }
  }
}
