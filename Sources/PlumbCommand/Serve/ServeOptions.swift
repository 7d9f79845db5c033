// What `plumb serve` is told: where the data is, where to listen, which part of the work to do.
import Core
import Foundation
import HTTPServer
import ModelProvider
import ProcessRuntime
import Reconciling

struct ServeOptions: Sendable {
  enum Role: String, Sendable, CaseIterable { case all, api, worker }

  var data: String
  var listen: ListenAddress
  /// An existing PostgreSQL; nil: a private one in the data directory.
  var database: String?
  /// A hot standby of the database that reads for views may go to, and how far behind it may be.
  var standby: String?
  var standbyLimit: Duration
  var role: Role
  /// Items of work in hand at once, and of one tenant.
  var workWidth: Int
  var tenantWidth: Int
  var smtp: String?
  var resolver: String?
  /// Answers questions about charging sessions; nil: the built-in explanations do.
  var model: ModelProvider?
  var allowPrivateTargets: Bool
  /// As whom the processes of apps run.
  var appAccounts: AppAccounts
  var specs: String?
  /// Listeners of single families: family → address.
  var families: [(family: String, address: ListenAddress)]
  var verbose: Bool
  /// Nil: the standard.
  var keepHistory: Duration?

  private static let modelKeyLimit = 4096

  static let flags = [
    Flag("listen", value: "HOST:PORT", "Where to listen; else 127.0.0.1:8420. Port 0 lets the system choose."),
    Flag(
      "database", value: "URL",
      "An existing PostgreSQL 15 or newer; else PLUMB_DATABASE_URL, else a private one in the data directory."),
    Flag("standby", value: "URL", "A hot standby of --database that reads of the API may go to; else PLUMB_STANDBY_URL."),
    Flag("standby-limit", value: "TIME", "How far behind the standby may be before the primary is read instead; else 5s."),
    Flag("work-width", value: "N", "Objects worked on at once, 1 to 256; else 64."),
    Flag("tenant-width", value: "N", "Objects of one tenant worked on at once; else three quarters of --work-width."),
    Flag("role", value: "all|api|worker", "Which part of the work to do; else all.", choices: Role.allCases.map(\.rawValue)),
    Flag("smtp", value: "URL", "Mail server, as smtp://[user:password@]HOST:PORT; else PLUMB_SMTP_URL."),
    Flag("llm-url", value: "URL", "OpenAI-compatible model provider, such as https://HOST/v1; else PLUMB_LLM_URL, else none."),
    Flag("llm-model", value: "NAME", "The provider's model; else PLUMB_LLM_MODEL."),
    Flag("llm-key-file", value: "FILE", "File with the provider's key; else PLUMB_LLM_KEY holds it."),
    Flag("resolver", value: "HOST:PORT", "Name server for domain checks; else the system's."),
    Flag("allow-private-targets", "Let webhooks and channels call loopback and private addresses."),
    Flag(
      "app-user", value: "NAME|FIRST-LAST",
      "As whom apps run when root serves: one account, or one of these numbers for each app; else PLUMB_APP_USER, else 61184-65519."
    ),
    Flag(
      "family-listen", value: "FAMILY=HOST:PORT", "A listener of its own for one API family, without its base path.",
      repeats: true),
    Flag("specs", value: "DIR", "Folder of the kinds; else PLUMB_SPECS, else the one beside the program."),
    Flag("data", value: "DIR", "Data directory; else ./.plumb."),
    Flag(
      "keep-history", value: "TIME",
      "How long replaced versions of objects are kept, such as 90d; else PLUMB_KEEP_HISTORY, else 400d."),
    Flag("verbose", short: "v", "Log each request."),
  ]

  init(_ arguments: Arguments) throws {
    let environment = ProcessInfo.processInfo.environment
    data = Self.absolute(arguments.value("data") ?? ".plumb")
    listen = try ListenAddress(arguments.value("listen") ?? "127.0.0.1:8420")
    database = arguments.value("database") ?? environment["PLUMB_DATABASE_URL"]
    standby = arguments.value("standby") ?? environment["PLUMB_STANDBY_URL"]
    standbyLimit = try arguments.duration("standby-limit") ?? .seconds(5)
    func number(_ name: String, _ range: ClosedRange<Int>) throws -> Int? {
      guard let text = arguments.value(name) else { return nil }
      guard let number = Int(text), range.contains(number) else {
        throw Arguments.problem(
          "flag_value", "--\(name) cannot be \"\(text)\"",
          fix: "Give a whole number from \(range.lowerBound) to \(range.upperBound).")
      }
      return number
    }
    workWidth = try number("work-width", 1...256) ?? Worker.width
    tenantWidth = try number("tenant-width", 1...workWidth) ?? max(1, workWidth * 3 / 4)
    if standby != nil, database == nil {
      throw Arguments.problem("flag_value", "--standby goes with --database", fix: "A private PostgreSQL has no standby.")
    }
    role = arguments.value("role").flatMap { Role(rawValue: $0) } ?? .all
    smtp = arguments.value("smtp") ?? environment["PLUMB_SMTP_URL"]
    resolver = arguments.value("resolver")
    let modelKey = try arguments.value("llm-key-file").map {
      String(decoding: try FileReader.read($0, limit: Self.modelKeyLimit), as: UTF8.self)
    }
    model = try ModelProvider(
      url: arguments.value("llm-url") ?? environment["PLUMB_LLM_URL"], key: modelKey ?? environment["PLUMB_LLM_KEY"],
      model: arguments.value("llm-model") ?? environment["PLUMB_LLM_MODEL"])
    allowPrivateTargets = arguments.has("allow-private-targets")
    appAccounts = try AppAccounts.choose(arguments.value("app-user") ?? environment["PLUMB_APP_USER"])
    specs = arguments.value("specs") ?? environment["PLUMB_SPECS"]
    verbose = arguments.has("verbose")
    keepHistory = try arguments.duration("keep-history") ?? environment["PLUMB_KEEP_HISTORY"].flatMap { Duration(text: $0) }
    families = try arguments.values("family-listen").map { text in
      let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2 else {
        throw Problem(
          .invalid, code: "flag_value", "--family-listen cannot be \"\(text)\".", fix: "Write it as deploy=127.0.0.1:9000.")
      }
      return (parts[0], try ListenAddress(parts[1]))
    }
  }

  static func absolute(_ path: String) -> String {
    let full = path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
    return URL(fileURLWithPath: full).standardized.path
  }
}
