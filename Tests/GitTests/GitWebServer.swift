// Git over HTTP as forges serve it: git's own http-backend behind a server that wants a token.
import Core
import Foundation
import HTTPServer
import TestSupport

final class GitWebServer: HTTPHandler, @unchecked Sendable {
  let port: Int
  private let root: URL
  private let wanted: String
  nonisolated(unsafe) private var server: HTTPServer?

  init(root: URL, token: String) throws {
    self.root = root
    wanted = "Basic " + Data("git:\(token)".utf8).base64EncodedString()
    port = try CaseSocket.freePort()
    let server = try HTTPServer(listen: [(ListenAddress("127.0.0.1:\(port)"), self)], log: { _ in })
    try server.start()
    self.server = server
  }

  func stop() {
    guard let running = server else { return }
    server = nil
    let done = DispatchSemaphore(value: 0)
    Task.detached {
      await running.shutdown(within: .seconds(1))
      done.signal()
    }
    done.wait()
  }

  func bodyLimit(for head: HTTPRequest) -> Int { 16 << 20 }

  func handle(_ request: HTTPRequest) async -> HTTPResponse {
    guard request.headers["Authorization"] == wanted else {
      var refusal = HTTPResponse(status: 401, contentType: "text/plain", Array("no".utf8))
      refusal.headers["WWW-Authenticate"] = "Basic realm=\"git\""
      return refusal
    }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/git")
    process.arguments = ["http-backend"]
    process.environment = [
      "PATH": "/usr/bin:/bin", "GIT_PROJECT_ROOT": root.path, "GIT_HTTP_EXPORT_ALL": "1", "PATH_INFO": request.path,
      "QUERY_STRING": request.query ?? "", "REQUEST_METHOD": request.method,
      "CONTENT_TYPE": request.headers["Content-Type"] ?? "",
      "CONTENT_LENGTH": String(request.body.count), "REMOTE_USER": "git", "GIT_PROTOCOL": request.headers["Git-Protocol"] ?? "",
      "HTTP_CONTENT_ENCODING": request.headers["Content-Encoding"] ?? "", "GIT_CONFIG_COUNT": "1",
      "GIT_CONFIG_KEY_0": "safe.directory",
      "GIT_CONFIG_VALUE_0": "*", "HOME": "/nonexistent",
    ]
    let (input, output) = (Pipe(), Pipe())
    process.standardInput = input
    process.standardOutput = output
    guard (try? process.run()) != nil else { return HTTPResponse(status: 500, contentType: "text/plain", []) }
    input.fileHandleForWriting.write(Data(request.body))
    try? input.fileHandleForWriting.close()
    let bytes = Array(output.fileHandleForReading.readDataToEndOfFile())
    process.waitUntilExit()
    // CGI: headers, an empty line, the body.
    let mark = Array("\r\n\r\n".utf8)
    guard let end = bytes.indices.first(where: { $0 + 4 <= bytes.count && Array(bytes[$0..<($0 + 4)]) == mark }) else {
      return HTTPResponse(status: 500, contentType: "text/plain", [])
    }
    var status = 200
    var type = "application/octet-stream"
    for line in String(decoding: bytes[..<end], as: UTF8.self).split(separator: "\r\n") {
      let parts = line.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
      if parts.count == 2, parts[0].lowercased() == "status" { status = Int(parts[1].prefix(3)) ?? 200 }
      if parts.count == 2, parts[0].lowercased() == "content-type" { type = parts[1] }
    }
    return HTTPResponse(status: status, contentType: type, Array(bytes[(end + 4)...]))
  }
}
