// plumb hello: a tiny web app for examples and tests of running apps.
import Core
import HTTPServer

enum HelloVerb {
  static let verb = Verb(
    name: "hello", summary: "Serve a tiny web app, for examples.",
    flags: [
      Flag("port", value: "N", "Port to listen on; else PORT."),
      Flag("host", value: "ADDRESS", "Address to listen on; else 127.0.0.1."),
      Flag("name", value: "NAME", "What it calls itself; else HELLO_NAME, else plumb."),
    ],
    notes: ["Answers every request with its name and the variables whose names begin with HELLO_. Ends at SIGTERM."],
    examples: ["plumb hello --port 9001 --name web"], run: run)

  static let stopTime: Duration = .seconds(2)

  static func run(_ arguments: Arguments, _ console: Console) throws -> ExitCode {
    let port = try arguments.integer("port", in: 0...65535) ?? Environment.value("PORT").flatMap { Int($0) }
    guard let port, (0...65535).contains(port) else {
      throw Arguments.problem("arguments", "hello wants a port", fix: "Write --port N.")
    }
    let name = arguments.value("name") ?? Environment.value("HELLO_NAME") ?? "plumb"
    Interrupt.install()
    let server = try HTTPServer(
      listen: arguments.value("host") ?? "127.0.0.1", port: port, loops: 1, handler: Greeter(text: text(name)), log: { _ in })
    try server.start()
    console.line("hello from \(name) on port \(server.port)")
    console.flush()
    do {
      while true { try Wait.sleep(.seconds(3600)) }
    } catch is Interrupted {
      Blocking.run { await server.shutdown(within: stopTime) }
      return .done
    }
  }

  static func text(_ name: String, environment: [(String, String)] = Environment.all()) -> String {
    "hello from \(name)\n"
      + environment.filter { $0.0.hasPrefix("HELLO_") }.sorted { $0.0 < $1.0 }.map { "\($0.0)=\($0.1)\n" }.joined()
  }

  private struct Greeter: HTTPHandler {
    let text: String
    func handle(_ request: HTTPRequest) async -> HTTPResponse {
      HTTPResponse(contentType: "text/plain; charset=utf-8", Array(text.utf8))
    }
  }
}
