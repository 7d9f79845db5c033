// One real `plumb serve` on a new data directory, for a whole suite of cases.
import Core
import Foundation

public final class CaseServer: @unchecked Sendable {
  public let port: Int
  public let data: URL
  /// Key of the owner of the root tenant.
  public let token: String
  private let process: Process
  private let output: URL
  /// Longest wait for the first start, its own PostgreSQL included.
  static let startSeconds = 60

  /// Starts the binary beside the tests. Throws Problem with what it printed when it does not get ready.
  /// - Parameter specs: kinds of its own instead of the program's.
  public init(resolver: Int, mail: Int? = nil, specs: URL? = nil) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("plumb-cases-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    // The private PostgreSQL of a server started as root runs as another user, who must be able to go through.
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.path)
    data = folder.appendingPathComponent("data")
    output = folder.appendingPathComponent("output")
    port = try CaseSocket.freePort()
    try Data().write(to: output)
    process = Process()
    process.executableURL = CaseServer.binary
    process.arguments = [
      "serve", "--data", data.path, "--listen", "127.0.0.1:\(port)", "--allow-private-targets", "--resolver",
      "127.0.0.1:\(resolver)",
    ]
    if let mail { process.arguments? += ["--smtp", "smtp://127.0.0.1:\(mail)"] }
    if let specs { process.arguments? += ["--specs", specs.path] }
    let handle = try FileHandle(forWritingTo: output)
    process.standardOutput = handle
    process.standardError = handle
    process.standardInput = FileHandle.nullDevice
    try process.run()
    var found: String?
    let http = CaseHTTP(port: port)
    let until = Date().addingTimeInterval(Double(Self.startSeconds))
    while found == nil, Date() < until, process.isRunning {
      if (try? http.send(CaseRequest("GET", "/readyz")))?.status == 200 {
        found = try? String(contentsOf: data.appendingPathComponent("admin-token"), encoding: .utf8)
          .trimmingCharacters(in: .whitespacesAndNewlines)
      } else {
        Thread.sleep(forTimeInterval: 0.1)
      }
    }
    guard let found else {
      let said = (try? String(contentsOf: output, encoding: .utf8)) ?? ""
      process.terminate()
      process.waitUntilExit()
      try? FileManager.default.removeItem(at: folder)
      throw Problem(.unavailable, code: "server", "plumb serve did not get ready in \(Self.startSeconds) s. It said:\n\(said)")
    }
    token = found
  }

  /// `plumb` in the folder that holds the test bundle.
  public static var binary: URL {
    let bundle =
      Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") }?.bundleURL ?? URL(fileURLWithPath: CommandLine.arguments[0])
    return bundle.deletingLastPathComponent().appendingPathComponent("plumb")
  }

  /// What the server printed so far.
  public var log: String { (try? String(contentsOf: output, encoding: .utf8)) ?? "" }

  public func stop() {
    process.terminate()
    process.waitUntilExit()
    try? FileManager.default.removeItem(at: data.deletingLastPathComponent())
  }
}
