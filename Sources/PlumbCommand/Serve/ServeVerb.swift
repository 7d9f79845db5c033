// `plumb serve`: the verb.
import Core
import Foundation
import ProcessRuntime

enum ServeVerb {
  static let verb = Verb(
    name: "serve", summary: "Run the API and the workers, by default with a private PostgreSQL.", flags: ServeOptions.flags,
    notes: [
      "The first start makes the root tenant, its owner, and an admin key in DIR/admin-token.",
      "Ctrl-C stops everything and leaves nothing behind but the data directory; a second start resumes.",
    ],
    examples: ["plumb serve --data ./.plumb --listen 127.0.0.1:8420"]
  ) { arguments, console in try run(try ServeOptions(arguments), console) }

  private static func run(_ options: ServeOptions, _ console: Console) throws -> ExitCode {
    StopSignal.install()
    OwnMemory.limitArenas()
    let outcome = Outcome()
    Blocking.run {
      do { try await serve(options, console) } catch { outcome.set(error) }
    }
    if let error = outcome.error { throw error }
    return .done
  }

  private static func serve(_ options: ServeOptions, _ console: Console) async throws {
    let server = try await Server.start(options) { line in FileHandle.standardError.write(Data((line + "\n").utf8)) }
    console.line("plumb is ready at \(server.url)")
    console.flush()
    await StopSignal.wait()
    await server.stop()
  }

  private final class Outcome: @unchecked Sendable {
    private let lock = NSLock()
    private var stored: (any Error)?
    func set(_ error: any Error) { lock.withLock { stored = error } }
    var error: (any Error)? { lock.withLock { stored } }
  }
}
