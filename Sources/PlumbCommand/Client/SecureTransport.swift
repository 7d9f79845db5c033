// HTTPS through URLSession, which knows certificates and proxies. Loaded only for https addresses.
import Core
import Foundation

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

final class SecureTransport: Transport {
  private let base: String

  /// `base` is `https://HOST[:PORT]` without a trailing slash.
  init(base: String) { self.base = base }

  func send(_ request: ClientRequest, within time: Duration) throws -> ClientResponse {
    var body: [UInt8] = []
    var response = try run(request, within: time) { bytes in
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

  private func run(_ request: ClientRequest, within time: Duration?, take: ([UInt8]) throws -> Bool) throws -> ClientResponse {
    try run(request, within: time) { bytes, _ in try take(bytes) }
  }

  private func run(_ request: ClientRequest, within time: Duration?, take: ([UInt8], Int) throws -> Bool) throws -> ClientResponse
  {
    guard let url = URL(string: base + request.target) else {
      throw Problem(.invalid, code: "url", "\"\(base)\" is no address.", fix: "Write https://HOST or https://HOST:PORT.")
    }
    var wire = URLRequest(url: url)
    wire.httpMethod = request.method
    for (name, value) in request.headers { wire.setValue(value, forHTTPHeaderField: name) }
    if !request.body.isEmpty { wire.httpBody = Data(request.body) }
    wire.timeoutInterval = ClientLimits.silence.inSeconds
    let inbox = Inbox()
    let session = URLSession(configuration: .ephemeral, delegate: inbox, delegateQueue: nil)
    defer { session.invalidateAndCancel() }
    session.dataTask(with: wire).resume()
    let deadline = time.map { ContinuousClock.now + $0 }
    var response = ClientResponse(status: 0)
    while true {
      if let deadline, ContinuousClock.now > deadline {
        throw Problem(
          .timeout, code: "timeout", "The server at \(base) did not answer in time.", fix: "Try again, or see its log.")
      }
      switch inbox.next(within: 0.1) {
      case nil: try Wait.sleep(.milliseconds(1))
      case .head(let status, let headers): response = ClientResponse(status: status, headers: headers)
      case .bytes(let bytes): if try !take(bytes, response.status) { return response }
      case .end(nil): return response
      case .end(let why?):
        throw Problem(
          .unavailable, code: "no_server", "No server answers at \(base): \(why).", fix: "Check the address and the network.")
      }
    }
  }

  /// What the session's own thread hands to the waiting one.
  private final class Inbox: NSObject, URLSessionDataDelegate, @unchecked Sendable {
    enum Item {
      case head(Int, [String: String])
      case bytes([UInt8])
      case end(String?)
    }
    private let condition = NSCondition()
    private var items: [Item] = []

    func next(within seconds: Double) -> Item? {
      condition.lock()
      defer { condition.unlock() }
      if items.isEmpty { _ = condition.wait(until: Date(timeIntervalSinceNow: seconds)) }
      return items.isEmpty ? nil : items.removeFirst()
    }

    private func put(_ item: Item) {
      condition.lock()
      items.append(item)
      condition.signal()
      condition.unlock()
    }

    func urlSession(
      _ session: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
      completionHandler: @escaping @Sendable (URLSession.ResponseDisposition) -> Void
    ) {
      let http = response as? HTTPURLResponse
      var headers: [String: String] = [:]
      for (name, value) in http?.allHeaderFields ?? [:] { headers["\(name)".lowercased()] = "\(value)" }
      put(.head(http?.statusCode ?? 0, headers))
      completionHandler(.allow)
    }

    func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) { put(.bytes(Array(data))) }

    func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
      put(.end(error?.localizedDescription))
    }

    /// A token must not follow a redirect to another host.
    func urlSession(
      _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
      newRequest request: URLRequest,
      completionHandler: @escaping @Sendable (URLRequest?) -> Void
    ) { completionHandler(nil) }
  }
}
