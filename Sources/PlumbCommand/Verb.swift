// What a verb of the command line is: its words, its flags, and what it does.

/// A verb, as the table of verbs lists it. Help, parsing and shell completion are made from this alone.
struct Verb: Sendable {
  var name: String
  /// One line, for `plumb help`.
  var summary: String
  /// Positional arguments as usage shows them, such as `KIND [NAME]`.
  var positionals = ""
  var positionalCount = 0...0
  var flags: [Flag] = []
  /// Talks to a server: takes the flags that find one.
  var usesServer = false
  /// Its first argument is an expression, which may begin with a minus.
  var takesExpression = false
  /// More about it, for `plumb VERB --help`.
  var notes: [String] = []
  var examples: [String] = []
  var run: @Sendable (Arguments, Console) throws -> ExitCode

  /// Its own flags and those that it shares.
  var allFlags: [Flag] { flags + (usesServer ? Flag.server : []) + [Flag.help] }
}

/// A flag of a verb: `--name VALUE`, `--name=VALUE`, `-s VALUE`, or without a value.
struct Flag: Sendable {
  var name: String
  var short: Character?
  /// The value's name in help; nil for a switch.
  var value: String?
  var doc: String
  var repeats = false
  /// The only values it takes; empty: any.
  var choices: [String] = []

  init(
    _ name: String, short: Character? = nil, value: String? = nil, _ doc: String, repeats: Bool = false, choices: [String] = []
  ) {
    self.name = name
    self.short = short
    self.value = value
    self.doc = doc
    self.repeats = repeats
    self.choices = choices
  }

  static let help = Flag("help", short: "h", "Say what this verb does.")
  static let server = [
    Flag(
      "url", value: "URL", "The server's address; else PLUMB_URL, else the data directory tells. PLUMB_TOKEN holds the token."),
    Flag("data", value: "DIR", "Data directory of a local server; else ./.plumb, else ~/.plumb."),
    Flag("tenant", value: "NAME", "The tenant to act in; else the one that the token belongs to."),
  ]
  static let file = Flag(
    "file", short: "f", value: "FILE|DIR|-", "Manifests: a file, a folder, or - for standard input.", repeats: true)
  static let set = Flag("set", value: "NAME", "Name of the set; else the base name of the first file or folder.")
  static let prune = Flag("prune", "Delete what the set held before and holds no longer.")
  static let takeOver = Flag("take-over", "Take over fields that someone else manages.")
  static let commit = Flag("commit", value: "ID", "The source commit, for history and blame.")
  static func output(_ choices: [String]) -> Flag {
    Flag("output", short: "o", value: choices.joined(separator: "|"), "Form of the output.", choices: choices)
  }
  static func timeout(_ standard: String) -> Flag {
    Flag("timeout", value: "TIME", "How long to wait, such as 90s or 5m; else \(standard).")
  }
}
